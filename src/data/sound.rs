//! Sound to spectrogram: |FFT| (or its square) of windows of a `.wav` file, a window a column.

use super::error::DataError;
use super::table::{Order, Stored, checked_count};
use crate::results::about::Ruler;
use hound::{SampleFormat, WavReader};
use realfft::RealFftPlanner;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How a signal becomes a matrix: 1 + (length − window)/hop columns (rounded down), window/2 + 1 rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectrogram {
    /// Samples of a window, at least 2.
    pub window: usize,
    /// Samples from one window to the next; half a window when left out.
    pub hop: Option<usize>,
    /// By what the samples of a window are weighed.
    pub taper: Taper,
    /// What is kept of each frequency.
    pub spectrum: Spectrum,
}

/// The weight of sample i of w.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Taper {
    /// ½ − ½·cos(2πi/(w − 1)).
    #[default]
    Hann,
    /// 0.54 − 0.46·cos(2πi/(w − 1)).
    Hamming,
    /// sin(π(i + ½)/w).
    Sine,
    /// 1.
    Rectangular,
}

/// What is kept of a complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spectrum {
    /// |z|.
    #[default]
    Magnitude,
    /// |z|².
    Power,
}

/// The names of the tapers.
pub const TAPERS: &[&str] = &["hann", "hamming", "sine", "rectangular"];
/// The names of the spectra.
pub const SPECTRA: &[&str] = &["magnitude", "power"];

impl Taper {
    fn weight(self, i: usize, window: usize) -> f64 {
        let turn = std::f64::consts::TAU * i as f64 / (window - 1) as f64;
        match self {
            Taper::Hann => 0.5 - 0.5 * libm::cos(turn),
            Taper::Hamming => 0.54 - 0.46 * libm::cos(turn),
            Taper::Sine => libm::sin(std::f64::consts::PI * (i as f64 + 0.5) / window as f64),
            Taper::Rectangular => 1.0,
        }
    }
}

/// Reads a `.wav` file; the channels of one with several are averaged.
pub(crate) fn read_file(path: &Path, how: Spectrogram) -> Result<Stored, DataError> {
    let origin = path.display().to_string();
    let signal = signal(path, &origin)?;
    let Spectrogram { window, hop, taper, spectrum } = how;
    let hop = hop.unwrap_or(window / 2);
    if signal.len() < window {
        let expected = format!("at most the {} samples of {origin}", signal.len());
        return Err(DataError::field("window", window.to_string(), expected));
    }
    let (rows, columns) = (window / 2 + 1, 1 + (signal.len() - window) / hop);
    checked_count(&origin, &[rows as u64, columns as u64])?;
    let weights: Vec<f64> = (0..window).map(|i| taper.weight(i, window)).collect();
    let transform = RealFftPlanner::<f64>::new().plan_fft_forward(window);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut values = Vec::with_capacity(rows * columns);
    for column in 0..columns {
        let samples = &signal[column * hop..column * hop + window];
        input.iter_mut().zip(samples.iter().zip(&weights)).for_each(|(x, (sample, weight))| *x = sample * weight);
        transform.process(&mut input, &mut output).expect("the vectors are the transform's own");
        values.extend(output.iter().map(|z| {
            let power = z.re * z.re + z.im * z.im;
            if spectrum == Spectrum::Power { power } else { power.sqrt() }
        }));
    }
    Ok(Stored::new(rows, columns, Order::ColumnMajor, values))
}

/// What rows and columns of a spectrogram are: frequencies in kilohertz, and the times at which windows begin.
pub(crate) fn rulers(path: &Path, how: Spectrogram) -> Option<(Ruler, Ruler)> {
    let rate = f64::from(WavReader::open(path).ok()?.spec().sample_rate);
    let hop = how.hop.unwrap_or(how.window / 2) as f64;
    let of = |name: &str, unit: &str, step: f64| Ruler { name: name.into(), unit: unit.into(), first: 0.0, step };
    Some((of("frequency", "kHz", rate / how.window as f64 / 1000.0), of("time", "s", hop / rate)))
}

/// Samples in −1 … 1.
fn signal(path: &Path, origin: &str) -> Result<Vec<f64>, DataError> {
    let fail = |error: hound::Error| match error {
        hound::Error::IoError(source) => DataError::Io { action: "read", path: path.to_owned(), source },
        other => DataError::malformed(origin, "wave", other.to_string(), "a .wav file of PCM or float samples"),
    };
    let mut reader = WavReader::open(path).map_err(fail)?;
    let (format, count) = (reader.spec(), reader.len());
    checked_count(origin, &[u64::from(count)])?;
    let channels = usize::from(format.channels.max(1));
    let samples: Vec<f64> = match format.sample_format {
        SampleFormat::Float => reader.samples::<f32>().map(|s| s.map(f64::from)).collect::<Result<_, _>>(),
        SampleFormat::Int => {
            let full = f64::from(1_u32 << (u32::from(format.bits_per_sample).clamp(1, 32) - 1));
            reader.samples::<i32>().map(|s| s.map(|s| f64::from(s) / full)).collect::<Result<_, _>>()
        }
    }
    .map_err(fail)?;
    Ok(samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f64>() / channels as f64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{WavSpec, WavWriter};

    fn wave(channels: u16, samples: &[i16]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut writer = WavWriter::create(&path, spec).unwrap();
        samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
        writer.finalize().unwrap();
        (folder, path)
    }

    const PLAIN: Spectrogram =
        Spectrogram { window: 8, hop: None, taper: Taper::Rectangular, spectrum: Spectrum::Magnitude };

    #[test]
    fn a_cosine_is_one_frequency_and_power_is_the_square() {
        let samples: Vec<i16> = (0..20).map(|i| [16384, 0, -16384, 0][i % 4]).collect();
        let (_guard, path) = wave(1, &samples);
        let stored = read_file(&path, PLAIN).unwrap();
        assert_eq!((stored.rows, stored.columns), (5, 4));
        // Half the amplitude ½ times 8 samples, at a quarter of the rate.
        let expected = [0.0, 0.0, 2.0, 0.0, 0.0];
        assert!(stored.values.chunks(5).all(|c| c.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)));
        let power = read_file(&path, Spectrogram { spectrum: Spectrum::Power, ..PLAIN }).unwrap();
        assert!((power.values[2] - 4.0).abs() < 1e-12);
        let hops = read_file(&path, Spectrogram { hop: Some(3), ..PLAIN }).unwrap();
        assert_eq!(hops.columns, 5);
    }

    #[test]
    fn channels_are_averaged_and_faults_are_named() {
        let (_guard, path) = wave(2, &[100, 300, 100, 300]);
        let stored = read_file(&path, Spectrogram { window: 2, ..PLAIN }).unwrap();
        assert!((stored.values[0] - 2.0 * 200.0 / 32768.0).abs() < 1e-15);
        let error = read_file(&path, PLAIN).unwrap_err().to_string();
        assert!(error.starts_with("`window`: found 8, expected at most the 2 samples of"), "{error}");
        std::fs::write(&path, b"RIFF, but not really").unwrap();
        let error = read_file(&path, PLAIN).unwrap_err().to_string();
        assert!(error.contains("a.wav"), "{error}");
    }
}
