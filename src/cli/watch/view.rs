//! One picture of the bridge: a pure function of what was heard last. Rooms by number and count, lines worst first; what
//! does not fit is counted.

use crate::bridge::status::{LineStatus, RoomStatus, Status, TrunkStatus};
use crate::cli::invitation::grouped;
use crate::cli::status::duration;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Row, Table};
use std::time::Duration;

/// From here on a line's loss is shown as bad: speech begins to suffer.
const LOSS_BAD_PCT: f64 = 3.0;
/// Likewise for jitter.
const JITTER_BAD_MS: f64 = 30.0;
/// Below this score people complain (ITU-T G.107 Annex B: "many users dissatisfied" begins at 3.6).
const MOS_BAD: f64 = 3.6;
/// Trunks and lines of which is said what is the matter.
const FAULTS_MAX: usize = 3;
/// Likewise for the media thread's load.
const LOAD_BAD_PCT: f64 = 80.0;

/// What was heard last.
#[derive(Debug, Default)]
pub struct Scene {
    status: Option<Status>,
    /// Why the bridge does not answer, while it does not.
    away: Option<String>,
    silent: Duration,
}

impl Scene {
    /// The bridge answered, or did not.
    pub fn hear(&mut self, answer: Result<Status, String>) {
        match answer {
            Ok(status) => {
                self.status = Some(status);
                self.away = None;
            }
            Err(why) => self.away = Some(why),
        }
    }

    /// The last good answer is so old.
    pub fn age(&mut self, silent: Duration) {
        self.silent = silent;
    }
}

/// Draws the whole terminal.
pub fn draw(frame: &mut Frame, scene: &Scene) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(3), Constraint::Min(0), Constraint::Length(1)])
            .areas(frame.area());
    frame.render_widget(Paragraph::new(headline(scene)), head);
    if let Some(status) = &scene.status {
        let [upper, lower] =
            Layout::vertical([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(body);
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(upper);
        rooms(frame, left, &status.rooms);
        refused(frame, right, status);
        let trunks = status.trunks.iter().filter_map(trouble);
        let faults: Vec<_> = trunks
            .chain(status.lines.iter().filter_map(fault))
            .take(FAULTS_MAX)
            .collect();
        let [lower, words] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(faults.len() as u16)]).areas(lower);
        lines(frame, lower, &status.lines);
        frame.render_widget(Paragraph::new(faults), words);
    }
    frame.render_widget(Line::from("q or Ctrl-C: leave; the bridge goes on").dim(), foot);
}

fn headline(scene: &Scene) -> Vec<Line<'static>> {
    let mut head = vec![state(scene)];
    let Some(status) = &scene.status else {
        return head;
    };
    let calls = status.in_reception + status.in_rooms;
    head.push(Line::from(format!(
        "{calls} of {} calls: {} in rooms, {} in reception",
        status.capacity.calls_max, status.in_rooms, status.in_reception
    )));
    let media = &status.media;
    head.push(Line::from(vec![
        "Load ".into(),
        judged(format!("{:.1} %", media.load_pct), media.load_pct >= LOAD_BAD_PCT),
        format!(", longest slot {} of 1000 µs, ", media.slot_us_max).into(),
        judged(format!("{} late", media.late_slots), media.late_slots > 0),
        ", ".into(),
        judged(
            format!("{} skipped", media.skipped_frames),
            media.skipped_frames > 0,
        ),
    ]));
    head
}

fn state(scene: &Scene) -> Line<'static> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let name = Span::styled("Rundruf  ", bold);
    let text = match (&scene.away, &scene.status) {
        (Some(why), None) => Span::from(why.clone()).fg(Color::Red),
        (Some(why), Some(_)) => {
            let silent = duration(scene.silent.as_secs());
            Span::from(format!("away for {silent}, still asking: {why}")).fg(Color::Red)
        }
        (None, None) => "asking …".into(),
        (None, Some(status)) if status.draining => {
            let running = duration(status.uptime_s);
            Span::from(format!("running for {running}, draining: no new calls")).fg(Color::Yellow)
        }
        (None, Some(status)) => Span::from(format!("running for {}", duration(status.uptime_s))),
    };
    Line::from(vec![name, text])
}

fn judged(text: String, is_bad: bool) -> Span<'static> {
    let span = Span::from(text);
    if is_bad { span.fg(Color::Red) } else { span }
}

fn rooms(frame: &mut Frame, area: Rect, rooms: &[RoomStatus]) {
    let mut fullest: Vec<_> = rooms.iter().collect();
    fullest.sort_by_key(|room| std::cmp::Reverse(room.count));
    let row = |room: &&RoomStatus| {
        let seats = format!("{} of {}", room.count, room.seats);
        Row::new([grouped(&room.room), seats])
    };
    let title = format!("Rooms with somebody in them: {}", rooms.len());
    let rows = fullest.iter().map(row).collect();
    list(frame, area, title, Row::default(), rows, &[12, 12]);
}

fn refused(frame: &mut Frame, area: Rect, status: &Status) {
    let mut most: Vec<_> = status.refused.iter().filter(|(_, count)| **count > 0).collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let total: u64 = status.refused.values().sum();
    let row = |(why, count): &(&String, &u64)| Row::new([why.replace('_', " "), count.to_string()]);
    let rows = most.iter().map(row).collect();
    let title = format!("Refused since the start: {total}");
    list(frame, area, title, Row::default(), rows, &[24, 10]);
}

/// Why a line is heard one way only.
fn fault(line: &LineStatus) -> Option<Line<'static>> {
    let why = line.one_way.as_deref()?;
    Some(Line::from(format!("line {} one way: {why}", line.line)).fg(Color::Red))
}

fn trouble(trunk: &TrunkStatus) -> Option<Line<'static>> {
    let why = trunk.trouble.as_deref()?;
    Some(Line::from(format!("trunk {}: {why}", trunk.name)).fg(Color::Red))
}

fn worse_loss_pct(line: &LineStatus) -> f64 {
    line.loss_pct.max(line.far_loss_pct.unwrap_or(0.0))
}

/// Both figures of a pair, here and there; a dash for what is not known.
fn pair(here: Option<f64>, there: Option<f64>, unit: &str) -> String {
    let word = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.1}"));
    format!("{}/{}{unit}", word(here), word(there))
}

fn is_bad(line: &LineStatus) -> bool {
    let scores = [line.mos, line.far_mos];
    line.one_way.is_some()
        || worse_loss_pct(line) >= LOSS_BAD_PCT
        || line.jitter_ms >= JITTER_BAD_MS
        || scores.into_iter().flatten().any(|mos| mos < MOS_BAD)
}

fn lines(frame: &mut Frame, area: Rect, lines: &[LineStatus]) {
    let mut worst: Vec<_> = lines.iter().collect();
    worst.sort_by(|a, b| {
        let by_fault = b.one_way.is_some().cmp(&a.one_way.is_some());
        by_fault
            .then(worse_loss_pct(b).total_cmp(&worse_loss_pct(a)))
            .then(b.jitter_ms.total_cmp(&a.jitter_ms))
            .then(a.line.cmp(&b.line))
    });
    let row = |line: &&LineStatus| {
        let place = line.room.as_deref().map_or("reception".into(), grouped);
        let style = if is_bad(line) {
            Style::new().fg(Color::Red)
        } else {
            Style::new()
        };
        Row::new([
            line.line.to_string(),
            place,
            duration(line.since_s),
            pair(Some(line.loss_pct), line.far_loss_pct, " %"),
            pair(Some(line.jitter_ms), line.far_jitter_ms, " ms"),
            line.round_trip_ms
                .map_or("–".to_owned(), |ms| format!("{ms:.0} ms")),
            format!("{} ms", line.buffer_ms),
            format!("{} ms", line.concealed_ms),
            pair(line.mos, line.far_mos, ""),
        ])
        .style(style)
    };
    let head = [
        "line", "room", "for", "loss", "jitter", "trip", "buffer", "made up", "MOS",
    ];
    let rows = worst.iter().map(row).collect();
    let title = format!("Lines, here/there, the worst first: {}", lines.len());
    list(
        frame,
        area,
        title,
        Row::new(head).dim(),
        rows,
        &[4, 9, 11, 10, 12, 6, 6, 8, 7],
    );
}

/// A framed table; the last line says how many rows do not fit.
fn list(frame: &mut Frame, area: Rect, title: String, head: Row, mut rows: Vec<Row>, widths: &[u16]) {
    let has_head = head != Row::default();
    let room = usize::from(area.height).saturating_sub(1 + usize::from(has_head));
    if rows.len() > room {
        let shown = room.saturating_sub(1);
        let hidden = rows.len() - shown;
        rows.truncate(shown);
        rows.push(Row::new([format!("+ {hidden}")]).dim());
    }
    let widths = widths.iter().map(|width| Constraint::Length(*width));
    let block = Block::new().borders(Borders::TOP).title(title);
    let mut table = Table::new(rows, widths).block(block);
    if has_head {
        table = table.header(head);
    }
    frame.render_widget(table, area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn picture(scene: &Scene, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, scene)).expect("drawn");
        let buffer = terminal.backend().buffer().clone();
        let cells = |y| {
            (0..width)
                .map(|x| buffer[(x, y)].symbol().to_owned())
                .collect::<String>()
        };
        (0..height).map(|y| cells(y).trim_end().to_owned()).collect()
    }

    fn busy() -> Scene {
        let room = |n: usize| RoomStatus {
            room: format!("{}", 1_000_000 + n),
            count: n,
            seats: 50,
            lets_echo: false,
        };
        let line = |n: u32| LineStatus {
            line: n,
            room: (n > 1).then(|| "1000007".to_owned()),
            since_s: 61,
            loss_pct: f64::from(n) / 10.0,
            jitter_ms: 2.5,
            buffer_ms: 40,
            concealed_ms: 20,
            far_loss_pct: (n > 1).then_some(1.5),
            far_jitter_ms: (n > 1).then_some(4.0),
            round_trip_ms: (n > 1).then_some(41.7),
            mos: Some(4.3),
            far_mos: (n > 1).then_some(4.1),
            ..LineStatus::default()
        };
        let mut status = Status {
            uptime_s: 3_700,
            in_reception: 2,
            in_rooms: 28,
            rooms: (1..=12).map(room).collect(),
            lines: (1..=30).map(line).collect(),
            ..Status::default()
        };
        status.capacity.calls_max = 200;
        status.media.load_pct = 12.25;
        status.refused = [
            ("unserved".into(), 4),
            ("room_full".into(), 0),
            ("calls_max".into(), 9),
        ]
        .into();
        let mut scene = Scene::default();
        scene.hear(Ok(status));
        scene
    }

    fn row<'a>(picture: &'a [String], wanted: &str) -> &'a str {
        let found = picture.iter().find(|row| row.contains(wanted));
        found.unwrap_or_else(|| panic!("{wanted}: {picture:#?}"))
    }

    #[test]
    fn everything_is_there_on_80_by_24() {
        let picture = picture(&busy(), 80, 24);
        assert!(picture[0].contains("running for 1 h 1 min"), "{picture:#?}");
        assert_eq!(picture[1], "30 of 200 calls: 28 in rooms, 2 in reception");
        assert!(picture[2].starts_with("Load 12.2 %, longest slot 0 of 1000 µs"));
        let title = row(&picture, "Rooms with");
        assert!(title.contains("them: 12") && title.contains("Refused since the start: 13"));
        // The fullest room first, beside the most frequent reason.
        let first = row(&picture, "100 00 12");
        assert!(first.contains("12 of 50") && first.contains("calls max") && first.contains('9'));
        assert!(
            !picture.iter().any(|row| row.contains("room full")),
            "a count of nothing is no news"
        );
        let worst = row(&picture, "3.0/1.5 %");
        assert!(worst.starts_with("30 ") && worst.contains("2.5/4.0 ms") && worst.contains("1 min 1 s"));
        assert!(worst.contains("42 ms") && worst.ends_with("4.3/4.1"), "{worst}");
        row(&picture, "+ ");
        assert!(picture[23].starts_with("q or Ctrl-C"));
    }

    #[test]
    fn a_bridge_that_goes_away_stays_in_the_picture_and_comes_back() {
        let mut scene = busy();
        scene.hear(Err("no bridge is running".into()));
        scene.age(Duration::from_secs(12));
        let gone = picture(&scene, 80, 24);
        assert!(
            gone[0].contains("away for 12 s, still asking: no bridge is running"),
            "{gone:#?}"
        );
        row(&gone, "100 00 12");
        scene.hear(Ok(Status {
            draining: true,
            ..Status::default()
        }));
        let back = picture(&scene, 80, 24);
        assert!(back[0].contains("running for 0 s, draining"), "{back:#?}");
    }

    #[test]
    fn a_line_that_is_heard_one_way_only_comes_first_and_says_why() {
        let mut scene = busy();
        let status = scene.status.as_mut().expect("heard");
        status.lines[0].one_way = Some("nothing comes from the caller: a firewall".into());
        let picture = picture(&scene, 80, 24);
        let head = picture
            .iter()
            .position(|row| row.contains("made up"))
            .expect("a head");
        assert!(picture[head + 1].starts_with("1 "), "{picture:#?}");
        assert!(
            picture[head + 1].contains("0.1/– %"),
            "what is not known is a dash"
        );
        row(
            &picture,
            "line 1 one way: nothing comes from the caller: a firewall",
        );
    }

    #[test]
    fn any_size_of_terminal_can_be_drawn() {
        for (width, height) in [(1, 1), (10, 3), (20, 5), (80, 8), (300, 100)] {
            picture(&busy(), width, height);
            picture(&Scene::default(), width, height);
        }
        let wide = picture(&busy(), 120, 80);
        assert!(
            !wide.iter().any(|row| row.starts_with('+')),
            "everything fits: {wide:#?}"
        );
    }
}
