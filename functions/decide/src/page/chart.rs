//! How long both sides took for the same requests, as bars.

use domain::evidence::Smoke;
use maud::{Markup, html};

/// Of the drawing, in its own units, which are pixels at full size.
const WIDTH: u32 = 480;
const ROW: u32 = 46;
const BAR: u32 = 12;
/// The longest bar: the rest of the width is for its number.
const LONGEST: u32 = 400;
/// Characters of a path that fit.
const PATH: usize = 60;

/// The chart; nothing without requests. It is for the eye: the table beside it has the same numbers.
pub(super) fn latencies(smoke: &[Smoke]) -> Markup {
    let slowest = smoke.iter().flat_map(|one| [one.blue_millis, one.green_millis]).max().unwrap_or(0).max(1);
    let length = |millis: u32| {
        let length = u64::from(millis) * u64::from(LONGEST) / u64::from(slowest);
        u32::try_from(length).unwrap_or(LONGEST).max(1)
    };
    let rows = (0..).step_by(ROW as usize).zip(smoke);
    let height = ROW.saturating_mul(u32::try_from(smoke.len()).unwrap_or(u32::MAX));
    html! {
        @if !smoke.is_empty() {
            svg role="img" aria-label="Latency of each smoke request on both sides; the table below has the numbers"
                viewBox={ "0 0 " (WIDTH) " " (height) } xmlns="http://www.w3.org/2000/svg" {
                @for (top, one) in rows {
                    text x="0" y=(top + 12) { (one.what().chars().take(PATH).collect::<String>()) }
                    @if one.blue.is_some() { (bar("of-blue", top + 16, length(one.blue_millis), one.blue_millis)) }
                    (bar("of-green", top + 16 + BAR + 1, length(one.green_millis), one.green_millis))
                }
            }
        }
    }
}

fn bar(class: &str, top: u32, length: u32, millis: u32) -> Markup {
    html! {
        rect class=(class) x="0" y=(top) width=(length) height=(BAR) {}
        text x=(length + 5) y=(top + BAR - 2) { (millis) " ms" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smoke(path: &str, blue_millis: u32, green_millis: u32) -> Smoke {
        Smoke { path: path.to_owned(), blue: Some(200), green: 200, blue_millis, green_millis, ..Smoke::default() }
    }

    #[test]
    fn bars_are_as_long_as_the_answers_took() {
        let svg = latencies(&[smoke("/a", 100, 50), smoke("/b", 25, 0)]).into_string();
        let lengths: Vec<&str> =
            svg.split("width=\"").skip(1).filter_map(|rest| rest.split_once('"').map(|(length, _)| length)).collect();
        assert_eq!(lengths, ["400", "200", "100", "1"]);
        assert!(svg.contains("viewBox=\"0 0 480 92\""), "{svg}");
        assert_eq!(latencies(&[]).into_string(), "");
    }

    #[test]
    fn the_slowest_that_can_be_is_drawn_and_a_path_is_text() {
        let svg = latencies(&[smoke("/<script>", u32::MAX, 1)]).into_string();
        assert!(svg.contains("&lt;script&gt;") && svg.contains("width=\"400\""), "{svg}");
    }
}
