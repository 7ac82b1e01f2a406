//! How far a long piece of work has come, on standard error.
//!
//! The scan counts into a [`Meter`]; a thread of its own looks at that now and then and draws. What it
//! drew is gone before anything else is said.

use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::render::bytes;
use crate::source::{Meter, Progress};

use super::output::Surface;
use super::say;
use super::signals;

/// Whether progress is shown.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Show how far it has come, from the beginning; without a terminal, in a line every ten seconds.
    ///
    /// Bytes read of the bytes there are (of compressed files the compressed ones), the rate, and the
    /// time left; of pipes only bytes and rate. By default it is shown when standard error is a terminal
    /// and the work takes longer than a second, unless events go to a terminal or a pipe. It is gone
    /// without a trace at the end. With --quiet there is none.
    #[arg(long, overrides_with = "no_progress", help_heading = "Work")]
    progress: bool,

    /// Never show how far it has come.
    #[arg(long, overrides_with = "progress", help_heading = "Work")]
    no_progress: bool,
}

/// What waits for the end of the work, and shows how far it has come.
pub(super) struct Shown {
    /// Nothing is ever sent: the thread ends when it is closed.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A line that changes, after this time.
    Bar(Duration),
    /// A line now and then.
    Lines,
}

/// Work that is done sooner needs no bar.
const WORTH_A_BAR: Duration = Duration::from_secs(1);
/// How often a bar is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// How often a line is said.
const LINES_EVERY: Duration = Duration::from_secs(10);

impl Flags {
    /// Begins to show progress, if it is to be shown: `meter` is asked for then only. A bar must not come
    /// in the way of data that goes where `beside` says.
    pub(super) fn show(&self, beside: Surface, meter: impl FnOnce() -> Meter) -> Option<Shown> {
        let can_draw = io::stderr().is_terminal() && !is_dumb();
        let way = match (self.progress, can_draw, beside) {
            _ if self.no_progress => return None,
            (true, false, _) | (true, _, Surface::Terminal) => Way::Lines,
            (true, true, _) => Way::Bar(Duration::ZERO),
            // Who reads a pipe may be `less`, on the same terminal.
            (false, false, _) | (false, _, Surface::Terminal | Surface::Pipe) => return None,
            (false, true, _) => Way::Bar(WORTH_A_BAR),
        };
        let (end, ends) = mpsc::channel();
        let meter = meter();
        let draw = move || draw(&meter, way, &ends);
        // Without a thread the work goes on all the same.
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(draw)
            .ok();
        Some(Shown {
            end: Some(end),
            thread,
        })
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell but that it is done.
            let _ = thread.join();
        }
    }
}

/// Whether a terminal cannot go back to the beginning of a line.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

fn draw(meter: &Meter, way: Way, ends: &Receiver<()>) {
    let began = Instant::now();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let mut is_shown = false;
    let mut next_line = LINES_EVERY;
    while let Err(RecvTimeoutError::Timeout) = ends.recv_timeout(TICK) {
        let said = meter.read();
        bar.update(|state| {
            // What needed no reading says nothing about the rate.
            if let Some(total) = said.total {
                state.set_len(total - said.skipped);
            }
            state.set_pos(said.done - said.skipped);
        });
        match way {
            Way::Bar(after) => {
                if !is_shown && began.elapsed() >= after {
                    is_shown = true;
                    signals::hold();
                    bar.set_style(style(meter));
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                if let Some(signal) = signals::held() {
                    bar.finish_and_clear();
                    signals::pass_on(signal);
                }
            }
            Way::Lines => {
                if began.elapsed() >= next_line {
                    next_line += LINES_EVERY;
                    say(words(said, bar.per_sec(), bar.eta()));
                }
            }
        }
    }
    bar.finish_and_clear();
    if is_shown {
        signals::release();
    }
}

fn style(meter: &Meter) -> ProgressStyle {
    let template = match meter.read().total {
        Some(_) => "[{bar:20}] {words}",
        None => "{words}",
    };
    let meter = meter.clone();
    let words = move |state: &ProgressState, out: &mut dyn Write| {
        // A line that lacks something is drawn anew soon.
        let _ = out.write_str(&words(meter.read(), state.per_sec(), state.eta()));
    };
    ProgressStyle::with_template(template)
        .expect("a template")
        .progress_chars("=> ")
        .with_key("words", words)
}

/// `42 %, 1.2 GB of 2.9 GB, 310 MB/s, 5 s left`
fn words(said: Progress, rate: f64, left: Duration) -> String {
    let mut words = match said.total {
        Some(total) => format!(
            "{} %, {} of {}",
            said.done * 100 / total.max(1),
            bytes(said.done),
            bytes(total)
        ),
        None => bytes(said.done),
    };
    if rate >= 1.0 {
        words += &format!(", {}/s", bytes(rate as u64));
        if said.total.is_some_and(|total| total > said.done) {
            words += &format!(", {} left", span(left));
        }
    }
    words
}

/// `5 s`, `3 min`, `2 h 5 min`
fn span(span: Duration) -> String {
    let seconds = span.as_secs_f64().ceil() as u64;
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let text = |seconds| span(Duration::from_secs_f64(seconds));
        assert_eq!(text(0.2), "1 s");
        assert_eq!(text(99.0), "99 s");
        assert_eq!(text(100.0), "2 min");
        assert_eq!(text(5_999.0), "100 min");
        assert_eq!(text(7_500.0), "2 h 5 min");
    }
}
