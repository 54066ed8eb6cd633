//! The ratios to the best peer of each row, drawn: left of the line is faster.

use std::{error::Error, path::Path};

use plotters::prelude::*;

use super::{rounds::Measured, table::verdict};

const WIDTH: u32 = 1000;
/// How high a row is drawn.
const ROW: u32 = 44;
/// What a table needs beside its rows.
const REST: u32 = 150;

/// Writes the drawing.
pub fn write(file: &Path, rows: &[Measured]) -> Result<(), Box<dyn Error>> {
    let tables: Vec<&[Measured]> = rows.chunk_by(|one, two| one.table == two.table).collect();
    let heights: Vec<u32> = tables.iter().map(|rows| rows.len() as u32 * ROW + REST).collect();
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

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, rows: &[Measured]) -> Result<(), Box<dyn Error>> {
    let ratios: Vec<f64> = rows.iter().flat_map(|row| row.subjects.iter().filter_map(|of| ratio(row, of.0))).collect();
    let left = ratios.iter().copied().fold(0.5, f64::min) / 1.2;
    let right = ratios.iter().copied().fold(2.0, f64::max) * 1.2;
    let below = rows.len() as f64;
    let title = format!("{}: time to that of the best peer", rows[0].table);
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(36)
        .right_y_label_area_size(0)
        .build_cartesian_2d((left..right).log_scale(), below..-0.4)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(12)
        .x_label_formatter(&|x| format!("{x:.2}"))
        .draw()?;
    chart.draw_series([PathElement::new([(1.0, -0.4), (1.0, below)], BLACK)])?;
    for (index, row) in rows.iter().enumerate() {
        let y = index as f64;
        let outcome = row.compared.as_ref().map_or("", |compared| verdict(compared.outcome).0);
        let words = format!("{}  {outcome}", row.row.id);
        chart.draw_series([Text::new(words, (left, y), ("sans-serif", 14))])?;
        if let Some(compared) = &row.compared {
            let line = [(compared.ratio.low, y + 0.6), (compared.ratio.high, y + 0.6)];
            chart.draw_series([PathElement::new(line, BLACK.stroke_width(2))])?;
        }
    }
    let names: Vec<&str> = rows[0].subjects.iter().map(|(name, _)| *name).collect();
    for (number, name) in names.into_iter().enumerate() {
        let of_it = rows.iter().enumerate().filter_map(|(index, row)| Some((ratio(row, name)?, index as f64 + 0.6)));
        let mut dots = of_it.peekable();
        if dots.peek().is_none() {
            continue;
        }
        let style = Palette99::pick(number).filled();
        chart
            .draw_series(dots.map(|dot| Circle::new(dot, 5, style)))?
            .label(name)
            .legend(move |(x, y)| Circle::new((x + 10, y), 5, style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// A subject's median to that of the best peer.
fn ratio(row: &Measured, name: &str) -> Option<f64> {
    let best = row.median(row.compared.as_ref()?.peer)?;
    Some(row.median(name)?.value / best.value)
}
