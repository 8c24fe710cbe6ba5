// PLANC's shared-memory NMF through the solver protocol (docs/protocol.md, version 1): MU, HALS, block principal
// pivoting, AO-ADMM, dense. PLANC's own program draws its start itself; this one is given it.
//
// PLANC runs a number of iterations from a start (mode `restart`). Needs PLANC's sources, Armadillo and nlohmann/json;
// adapters/README.md has the command that builds it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "nmf/aoadmm.hpp"
#include "nmf/bppnmf.hpp"
#include "nmf/hals.hpp"
#include "nmf/mu.hpp"

#ifndef PLANC_VERSION
#define PLANC_VERSION "unknown"
#endif

using nlohmann::json;

namespace {

constexpr int kProtocol = 1;

/// A NumPy file of doubles in column order, which is how nmfbench writes them.
arma::mat ReadNpy(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  char start[8] = {};
  if (!file.read(start, 8) || std::memcmp(start, "\x93NUMPY", 6) != 0) throw std::runtime_error("no array in " + path);
  std::uint32_t size = 0;
  file.read(reinterpret_cast<char *>(&size), start[6] == 1 ? 2 : 4);
  std::string header(size, ' ');
  file.read(&header[0], size);
  if (header.find("<f8") == std::string::npos || header.find("'fortran_order': True") == std::string::npos) {
    throw std::runtime_error("expected doubles in column order in " + path);
  }
  const std::size_t open = header.find('('), comma = header.find(',', open);
  arma::mat x(std::stoull(header.substr(open + 1)), std::stoull(header.substr(comma + 1)));
  file.read(reinterpret_cast<char *>(x.memptr()), static_cast<std::streamsize>(x.n_elem * sizeof(double)));
  if (!file) throw std::runtime_error(path + " ends too soon");
  return x;
}

void WriteNpy(const std::string &path, const arma::mat &x) {
  std::string header = "{'descr': '<f8', 'fortran_order': True, 'shape': (" + std::to_string(x.n_rows) + ", " +
                       std::to_string(x.n_cols) + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');
  const auto size = static_cast<std::uint16_t>(header.size());
  std::ofstream file(path, std::ios::binary);
  file.write("\x93NUMPY\x01\x00", 8);
  file.write(reinterpret_cast<const char *>(&size), 2);
  file << header;
  file.write(reinterpret_cast<const char *>(x.memptr()), static_cast<std::streamsize>(x.n_elem * sizeof(double)));
  if (!file) throw std::runtime_error("cannot write " + path);
}

struct Factors {
  arma::mat w, ht;
  double seconds;
};

template <class Method>
Factors Run(const arma::mat &a, const arma::mat &w, const arma::mat &ht, int iterations) {
  Method method(a, w, ht);
  method.num_iterations(iterations);
  method.symm_reg(-1);
  const auto began = std::chrono::steady_clock::now();
  method.computeNMF();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
  return {method.getLeftLowRankFactor(), method.getRightLowRankFactor(), spent.count()};
}

using Runner = Factors (*)(const arma::mat &, const arma::mat &, const arma::mat &, int);

Runner Method(const json &request) {
  if (request["objective"] != "frobenius") throw std::runtime_error("PLANC minimises frobenius only");
  if (request["precision"] != "f64") throw std::runtime_error("this adapter computes in double precision only");
  if (request["matrix"]["format"] != "npy") throw std::runtime_error("this adapter takes dense matrices only");
  for (const auto &given : request["parameters"].items()) {
    if (given.key() != "solver") throw std::runtime_error("no parameter `" + given.key() + "`; there are: solver");
  }
  const std::string name = request["parameters"].value("solver", "bpp");
  if (name == "mu") return Run<planc::MUNMF<arma::mat>>;
  if (name == "hals") return Run<planc::HALSNMF<arma::mat>>;
  if (name == "bpp") return Run<planc::BPPNMF<arma::mat>>;
  if (name == "aoadmm") return Run<planc::AOADMMNMF<arma::mat>>;
  throw std::runtime_error("`solver` is " + name + "; expected one of mu, hals, bpp, aoadmm");
}

void Converse(std::ostream &events) {
  const auto say = [&events](const json &event) { events << event.dump() << std::endl; };
  std::string line;
  if (!std::getline(std::cin, line)) return;
  const json request = json::parse(line);
  if (request["protocol"] != kProtocol) throw std::runtime_error("this adapter speaks version 1 of the protocol");
  const Runner run = Method(request);
  const arma::mat a = ReadNpy(request["matrix"]["path"]), w = ReadNpy(request["start"]["w"]);
  const arma::mat ht = ReadNpy(request["start"]["h"]).t();
  say({{"event", "ready"}, {"protocol", kProtocol}, {"solver", "PLANC"}, {"version", PLANC_VERSION}, {"mode", "restart"}});
  while (std::getline(std::cin, line)) {
    const json command = json::parse(line);
    if (command["command"] == "finish") {
      say({{"event", "done"}});
      return;
    }
    const int until = command["until"];
    const Factors found = run(a, w, ht, until);
    WriteNpy("w.npy", found.w);
    WriteNpy("h.npy", found.ht.t());
    say({{"event", "checkpoint"}, {"iteration", until}, {"seconds", found.seconds}, {"w", "w.npy"}, {"h", "h.npy"}});
  }
}

}  // namespace

int main() {
  // Standard output is the protocol's; what PLANC prints goes to standard error.
  std::ostream events(std::cout.rdbuf());
  std::cout.rdbuf(std::cerr.rdbuf());
  try {
    Converse(events);
  } catch (const std::exception &failure) {
    std::string message = failure.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    events << json({{"event", "error"}, {"message", message}}).dump() << std::endl;
    return 1;
  }
}
