//! A bar chart of the CPU time of full and steady polls, as SVG text.

use crate::measured::Polling;

const WIDTH: f64 = 760.0;
const ROW: f64 = 26.0;
const LABELS: f64 = 240.0;
const SCALE_WIDTH: f64 = WIDTH - LABELS - 110.0;

/// Bars on a logarithmic scale, because the cases differ by more than tenfold.
pub(crate) fn svg(polls: &[(String, Polling)]) -> String {
    let rows: Vec<(&str, f64)> = polls
        .iter()
        .filter(|(name, _)| !name.starts_with("drain"))
        .map(|(name, polling)| (name.as_str(), polling.cpu.median))
        .filter(|(_, cpu)| *cpu > 0.0)
        .collect();
    let least = rows.iter().map(|(_, cpu)| *cpu).fold(f64::INFINITY, f64::min) / 2.0;
    let most = rows.iter().map(|(_, cpu)| *cpu).fold(0.0, f64::max);
    let height = ROW * rows.len() as f64 + 60.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"15\">CPU time of a poll, milliseconds, median (logarithmic)</text>\n"
    );
    for (index, (name, cpu)) in rows.iter().enumerate() {
        let y = 44.0 + ROW * index as f64;
        let width = SCALE_WIDTH * (cpu / least).ln() / (most / least).ln();
        let color = match name.rsplit(", ").next() {
            Some("native") => "#9aa5b1",
            Some("component") => "#2f6fde",
            Some("node") => "#d9822b",
            _ => "#8fb4f2",
        };
        svg.push_str(&format!(
            "<text x=\"10\" y=\"{:.1}\">{name}</text><rect x=\"{LABELS}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"18\" fill=\"{color}\"/><text x=\"{:.1}\" y=\"{:.1}\">{cpu:.3}</text>\n",
            y + 14.0,
            LABELS + width + 6.0,
            y + 14.0
        ));
    }
    svg + "</svg>\n"
}
