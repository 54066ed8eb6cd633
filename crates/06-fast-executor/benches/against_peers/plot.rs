//! Draws the ratios to the best peer of each row. Left of the line is faster.

use std::{
    error::Error,
    fs::{self, OpenOptions},
    io,
    path::Path,
};

use measure::Outcome;
use plotters::prelude::*;

use super::rounds::Measured;

const WIDTH: u32 = 1000;
/// The part of the width that the names of the subjects take.
const NAMES: u32 = 190;
/// The height of a row, and of a name.
const ROW: u32 = 44;
const NAME: u32 = 20;
/// The height that a table needs beside its rows.
const REST: u32 = 100;

/// Writes the drawing.
pub fn write(file: &Path, rows: &[Measured]) -> Result<(), Box<dyn Error>> {
    let tables: Vec<&[Measured]> = rows.chunk_by(|one, two| one.table == two.table).collect();
    let height = |rows: &&[Measured]| (rows.len() as u32 * ROW).max(rows[0].subjects.len() as u32 * NAME) + REST;
    let heights: Vec<u32> = tables.iter().map(height).collect();
    let root = SVGBackend::new(file, (WIDTH, heights.iter().sum())).into_drawing_area();
    root.fill(&WHITE)?;
    let mut rest = root.clone();
    for (rows, height) in tables.into_iter().zip(heights) {
        let (area, below) = rest.split_vertically(height);
        draw(&area, rows)?;
        rest = below;
    }
    root.present()?;
    Ok(())
}

/// Fails if the drawing cannot be written there. It is called before the measurement, and leaves an
/// existing file as it is.
pub fn check(file: &Path) -> io::Result<()> {
    let is_new = !file.exists();
    OpenOptions::new().append(true).create(true).open(file)?;
    if is_new { fs::remove_file(file) } else { Ok(()) }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, rows: &[Measured]) -> Result<(), Box<dyn Error>> {
    let ratios: Vec<f64> = rows.iter().flat_map(|row| row.subjects.iter().filter_map(|of| row.to_best(of.0))).collect();
    let left = ratios.iter().copied().fold(0.5, f64::min) / 1.2;
    let right = ratios.iter().copied().fold(2.0, f64::max) * 1.2;
    let below = rows.len() as f64;
    let title = format!("{}: time to that of the best peer", rows[0].table);
    let (dots, names) = area.split_horizontally(WIDTH - NAMES);
    let mut chart = ChartBuilder::on(&dots)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(36)
        .build_cartesian_2d((left..right).log_scale(), below..-0.4)?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_y_mesh().disable_y_axis().x_labels(12).x_label_formatter(&|x| format!("{x:.2}")).draw()?;
    chart.draw_series([PathElement::new([(1.0, -0.4), (1.0, below)], BLACK)])?;
    for (index, row) in rows.iter().enumerate() {
        let y = index as f64;
        let mut text = row.row.id.to_owned();
        text.extend(row.compared.as_ref().map(|compared| format!(": {}", compared.outcome)));
        text.extend(row.step.as_ref().map(|step| format!("; to {}: {}", step.other, step.outcome)));
        chart.draw_series([Text::new(text, (left, y), ("sans-serif", 14))])?;
        let interval = row
            .compared
            .as_ref()
            .filter(|compared| compared.outcome != Outcome::Few)
            .map(|compared| [compared.ratio.low, compared.ratio.high]);
        let line = interval.map(|ends| PathElement::new(ends.map(|x| (x, y + 0.6)), BLACK.stroke_width(3)));
        chart.draw_series(line)?;
    }
    let with_dots = rows[0].subjects.iter().map(|(name, _)| *name);
    let with_dots = with_dots.filter(|name| rows.iter().any(|row| row.to_best(name).is_some()));
    for (number, name) in with_dots.enumerate() {
        let style = Palette99::pick(number).filled();
        let of_it = rows.iter().enumerate().filter_map(|(index, row)| Some((row.to_best(name)?, index as f64 + 0.6)));
        chart.draw_series(of_it.map(|dot| Circle::new(dot, 5, style)))?;
        let y = (number as u32 * NAME + ROW) as i32;
        names.draw(&Circle::new((10, y), 5, style))?;
        names.draw(&Text::new(name, (24, y - 6), ("sans-serif", 14)))?;
    }
    Ok(())
}
