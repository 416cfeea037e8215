//! The numbers as pictures.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use rungroup_benches::{Contestant, Runtime};

use crate::go::{self, Side};
use crate::results::Results;

type Drawn = Result<(), Box<dyn Error>>;

const SIZE: (u32, u32) = (960, 520);
const KEY_WIDTH: u32 = 270;
const TITLE: (&str, u32) = ("sans-serif", 20);
const TEXT: (&str, u32) = ("sans-serif", 14);

/// A line of a plot: what an actor takes, by the size of the group.
struct Line {
    title: String,
    color: RGBColor,
    points: Vec<(f64, f64)>,
}

struct Bar {
    title: String,
    color: RGBColor,
    length: f64,
}

pub fn draw(results: &Results, directory: &Path) -> Drawn {
    for runtime in Runtime::TOKIO {
        let file = directory.join(format!("life-{}.svg", runtime.id()));
        let title = format!("Whole life on {}: time an actor takes", runtime.title());
        draw_lines(&file, &title, &lines(results, runtime))?;
    }
    let title = format!(
        "Peak of the memory, N = {}: bytes an actor takes",
        results.scale.most_actors()
    );
    draw_bars(&directory.join("memory.svg"), &title, &bars(results))
}

fn lines(results: &Results, runtime: Runtime) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for contestant in Contestant::ALL {
        let points = results.lives_on(runtime).filter_map(|lives| {
            let actors = lives.actors as f64;
            Some((actors, lives.times.median(contestant)? / actors))
        });
        lines.push(Line {
            title: plain(contestant.title()),
            color: color(contestant),
            points: points.collect(),
        });
    }
    if let Some(go) = results.go.as_ref().filter(|_| runtime == go::RUNTIME) {
        let points = go.warm.iter().filter_map(|(actors, times)| {
            let actors = *actors as f64;
            Some((actors, times.median(Side::RUN_GROUP)? / actors))
        });
        lines.push(Line {
            title: Side::RUN_GROUP.title().into(),
            color: GO,
            points: points.collect(),
        });
    }
    lines.retain(|line| !line.points.is_empty());
    lines
}

fn bars(results: &Results) -> Vec<Bar> {
    let ours_and_peers = results.memory_on(go::RUNTIME).iter().filter_map(|memory| {
        Some(Bar {
            title: plain(memory.contestant.title()),
            color: color(memory.contestant),
            length: memory.peak?,
        })
    });
    let go = results.go.iter().flat_map(|go| &go.peaks);
    let go = go.filter(|(side, _)| matches!(side, Side::Go(_)));
    let go = go.filter_map(|(side, peak)| {
        Some(Bar {
            title: side.title().into(),
            color: GO,
            length: (*peak)?,
        })
    });
    ours_and_peers.chain(go).collect()
}

fn draw_lines(file: &Path, title: &str, lines: &[Line]) -> Drawn {
    let points = || lines.iter().flat_map(|line| &line.points);
    let least = |axis: fn(&(f64, f64)) -> f64| points().map(axis).fold(f64::INFINITY, f64::min);
    let most = |axis: fn(&(f64, f64)) -> f64| points().map(axis).fold(1.0, f64::max);
    let actors = least(|point| point.0)..most(|point| point.0) * 1.05;
    let time = least(|point| point.1) * 0.8..most(|point| point.1) * 1.6;

    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (left, right) = area.split_horizontally(SIZE.0 - KEY_WIDTH);
    let mut chart = ChartBuilder::on(&left)
        .caption(title, TITLE)
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(74)
        .build_cartesian_2d(actors.log_scale(), time.log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .label_style(TEXT)
        .x_desc("actors in the group")
        .y_desc("nanoseconds an actor")
        .x_label_formatter(&|actors| format!("{actors:.0}"))
        .y_label_formatter(&|time| format!("{time:.0}"))
        .draw()?;
    for Line { color, points, .. } in lines {
        let series = LineSeries::new(points.iter().copied(), color.stroke_width(2));
        chart.draw_series(series.point_size(3))?;
    }
    draw_key(&right, lines)?;
    area.present()?;
    Ok(())
}

/// Tells which line is whose, beside the chart: inside, it would hide some.
fn draw_key(area: &DrawingArea<SVGBackend<'_>, Shift>, lines: &[Line]) -> Drawn {
    let mut y = 60;
    for Line { title, color, .. } in lines {
        let stroke = PathElement::new([(0, y), (22, y)], color.stroke_width(3));
        area.draw(&stroke)?;
        area.draw(&Text::new(title.as_str(), (30, y - 7), TEXT))?;
        y += 26;
    }
    Ok(())
}

fn draw_bars(file: &Path, title: &str, bars: &[Bar]) -> Drawn {
    let longest = bars.iter().map(|bar| bar.length).fold(1.0, f64::max);
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let names = bars.len();
    if names == 0 {
        area.titled("not measured: this system does not tell", TITLE)?;
        return Ok(area.present()?);
    }
    let mut chart = ChartBuilder::on(&area)
        .caption(title, TITLE)
        .margin(14)
        .margin_right(30)
        .x_label_area_size(44)
        .y_label_area_size(240)
        .build_cartesian_2d(0.0..longest * 1.1, (0..names - 1).into_segmented())?;
    // From the top down, in the order of the tables.
    let name = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(index) if *index < names => bars[names - 1 - index].title.clone(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(WHITE)
        .label_style(TEXT)
        .y_labels(names + 1)
        .y_label_formatter(&name)
        .x_label_formatter(&|bytes| format!("{bytes:.0}"))
        .x_desc("bytes an actor")
        .draw()?;
    chart.draw_series(bars.iter().rev().enumerate().map(|(index, bar)| {
        let from = (0.0, SegmentValue::Exact(index));
        let to = (bar.length, SegmentValue::Exact(index + 1));
        let mut bar = Rectangle::new([from, to], bar.color.filled());
        bar.set_margin(5, 5, 0, 0);
        bar
    }))?;
    chart.draw_series(bars.iter().rev().enumerate().map(|(index, bar)| {
        let end = (bar.length, SegmentValue::CenterOf(index));
        EmptyElement::at(end) + Text::new(format!("{:.0}", bar.length), (6, -6), TEXT)
    }))?;
    area.present()?;
    Ok(())
}

fn plain(title: &str) -> String {
    title.replace('`', "")
}

const GO: RGBColor = RGBColor(0, 173, 216);

fn color(contestant: Contestant) -> RGBColor {
    match contestant {
        Contestant::Pair => RGBColor(200, 40, 30),
        Contestant::PairWithOneCancel => RGBColor(225, 100, 60),
        Contestant::PairWithChannel => RGBColor(240, 150, 130),
        Contestant::With => RGBColor(240, 110, 0),
        Contestant::JoinSet => RGBColor(30, 70, 170),
        Contestant::TaskTracker => RGBColor(50, 140, 60),
        Contestant::Bare => RGBColor(130, 130, 130),
        Contestant::GracefulShutdown => RGBColor(130, 60, 160),
    }
}
