//! Every method against a slow twin written from its paper, in plain loops: the same iterates from the same start. A twin
//! works on A ≈ WH with rows of entries and shares nothing with the crate. Beside it stands what a method promises more:
//! known answers, bounds, the data that it takes.

mod batches;
mod combined;
#[path = "../common/mod.rs"]
mod common;
mod constrained;
mod divergence;
mod gnmf;
mod hoyer;
mod joint;
mod minvol;
mod onmf;
mod rules;
mod separable;
mod shared;
mod symnmf;
mod wnmf;

/// A test for each row of the table by its twin, which must have been followed for ten iterations at least; those that
/// take one step are followed in that.
macro_rules! twins {
    ($($test:ident: $name:literal, $twin:expr;)*) => {
        const WITH_TWIN: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                $twin;
                let direct = nmfbench_algorithms::Registry::builtin().get($name).expect("registered").traits.direct;
                let least = if direct { 1 } else { 10 };
                assert!(shared::compared($name).is_some_and(|i| i >= least), "{} was not compared with a twin", $name);
            }
        )*
    };
}

twins! {
    mu: "mu", rules::mu_follows_lee_and_seung();
    als: "als", rules::als_follows_solving_and_clipping();
    hals: "hals", rules::hals_follows_gillis_and_glineur();
    pgd: "pgd", rules::pgd_follows_lin();
    anls_as: "anls-as", rules::follows_the_enumeration_of_all_passive_sets("anls-as");
    anls_bpp: "anls-bpp", rules::follows_the_enumeration_of_all_passive_sets("anls-bpp");
    mu_lin: "mu-lin", rules::mu_lin_follows_lin();
    gcd: "gcd", rules::gcd_follows_hsieh_and_dhillon();
    nenmf: "nenmf", rules::nenmf_follows_guan();
    ao_admm: "ao-admm", rules::ao_admm_follows_huang();
    a_mu: "a-mu", combined::a_mu_follows_gillis_and_glineur();
    a_hals: "a-hals", combined::a_hals_follows_gillis_and_glineur();
    a_pgd: "a-pgd", combined::a_pgd_follows_gillis_and_glineur();
    e_hals: "e-hals", combined::e_hals_follows_ang_and_gillis();
    e_a_hals: "e-a-hals", combined::e_a_hals_follows_ang_and_gillis();
    e_anls: "e-anls", combined::e_anls_follows_ang_and_gillis();
    apg: "apg", joint::apg_follows_xu_and_yin();
    pgrad: "pgrad", joint::pgrad_follows_lin();
    rhals: "rhals", joint::rhals_follows_erichson();
    admm: "admm", batches::admm_follows_xu();
    online: "online", batches::online_follows_mairal();
    minibatch_mu: "minibatch-mu", batches::minibatch_mu_follows_lefevre();
    minibatch_mu_beta: "minibatch-mu-beta", batches::minibatch_mu_beta_follows_lefevre();
    spa: "spa", separable::selects_what_its_paper_says_and_solves_for_h("spa");
    snpa: "snpa", separable::selects_what_its_paper_says_and_solves_for_h("snpa");
    xray: "xray", separable::selects_what_its_paper_says_and_solves_for_h("xray");
    mu_kl: "mu-kl", divergence::mu_kl_follows_lee_and_seung();
    mu_beta: "mu-beta", divergence::mu_beta_follows_fevotte_and_idier();
    ccd_kl: "ccd-kl", divergence::coordinate_descent_follows_hsieh_and_dhillon();
    sn_kl: "sn-kl", divergence::sn_kl_follows_hien_and_gillis();
    sn_mu_kl: "sn-mu-kl", divergence::sn_mu_kl_follows_hien_and_gillis();
    bmd_kl: "bmd-kl", divergence::mirror_descent_follows_hien_and_gillis();
    admm_kl: "admm-kl", divergence::admm_follows_sun_and_fevotte();
    pd_kl: "pd-kl", divergence::primal_dual_follows_yanez_and_bach();
    hoyer_rule: "hoyer", hoyer::hoyer_follows_its_paper_and_meets_the_sparseness();
    onmf_rule: "onmf", onmf::onmf_follows_its_paper_and_h_is_orthogonal();
    symnmf_rule: "symnmf", symnmf::symnmf_follows_its_paper_and_becomes_symmetric();
    semi_nmf: "semi-nmf", symnmf::semi_nmf_follows_its_paper();
    minvol_rule: "minvol", minvol::minvol_follows_its_paper();
    wnmf_rule: "wnmf", wnmf::wnmf_follows_its_paper_with_dense_and_sparse_weights();
    gnmf_rule: "gnmf", gnmf::gnmf_follows_its_paper();
}

/// A row without a twin is not finished. (What `nmfbench new algorithm` writes has its twin in a test of its own.)
#[test]
fn every_row_of_the_table_has_a_twin() {
    let own = |name: &str| {
        let file = format!("{}/tests/{}.rs", env!("CARGO_MANIFEST_DIR"), name.replace('-', "_"));
        std::fs::read_to_string(file).is_ok_and(|text| text.contains("fn it_follows_its_twin"))
    };
    let rows = nmfbench_algorithms::BUILTIN.iter().map(|e| e.name);
    let without: Vec<&str> = rows.filter(|name| !WITH_TWIN.contains(name) && !own(name)).collect();
    assert!(without.is_empty(), "no twin: {}", without.join(", "));
}
