//! Dates as log lines write them.

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// A broken-down point of time in some zone; see [`Clock::local`](crate::base::clock::Clock::local).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalTime {
    /// Year of the Gregorian calendar.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59: leap seconds are not shown.
    pub second: u8,
    /// 0 to 999,999.
    pub micros: u32,
    /// Seconds east of Greenwich.
    pub offset_secs: i32,
}

impl LocalTime {
    /// Breaks `secs` (since 1970, UTC) down for a zone `offset_secs` east of Greenwich. An offset
    /// of 0 makes UTC.
    pub fn new(secs: i64, micros: u32, offset_secs: i32) -> Self {
        let secs = secs.saturating_add(i64::from(offset_secs));
        let second_of_day = secs.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(secs.div_euclid(86_400));
        LocalTime {
            year,
            month,
            day,
            hour: (second_of_day / 3600) as u8,
            minute: (second_of_day / 60 % 60) as u8,
            second: (second_of_day % 60) as u8,
            micros,
            offset_secs,
        }
    }

    /// Appends `21/Nov/2026:10:11:12.123`, the accept date of tcplog and httplog lines.
    pub fn push_log(&self, out: &mut Vec<u8>) {
        self.push_day_first(out);
        out.push(b'.');
        push_padded(out, self.micros / 1000, 3);
    }

    /// Appends `21/Nov/2026:10:11:12 +0100`, the date of the common log format.
    pub fn push_clf(&self, out: &mut Vec<u8>) {
        self.push_day_first(out);
        out.push(b' ');
        self.push_offset(out, false);
    }

    /// Appends `Nov  1 10:11:12` (RFC 3164 section 4.1.2: the day padded with a blank).
    pub fn push_rfc3164(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.month_name());
        out.push(b' ');
        out.push(if self.day < 10 { b' ' } else { b'0' + self.day / 10 });
        out.push(b'0' + self.day % 10);
        out.push(b' ');
        self.push_time(out);
    }

    /// Appends `2026-11-21T10:11:12.123456+01:00` (RFC 5424 section 6.2.3).
    pub fn push_rfc5424(&self, out: &mut Vec<u8>) {
        self.push_iso_seconds(out);
        out.push(b'.');
        push_padded(out, self.micros, 6);
        self.push_offset(out, true);
    }

    /// Appends `2026-11-21T10:11:12+01:00` (ISO 8601, whole seconds).
    pub fn push_iso(&self, out: &mut Vec<u8>) {
        self.push_iso_seconds(out);
        self.push_offset(out, true);
    }

    fn push_iso_seconds(&self, out: &mut Vec<u8>) {
        push_padded(out, self.year.max(0) as u32, 4);
        out.push(b'-');
        push_padded(out, self.month.into(), 2);
        out.push(b'-');
        push_padded(out, self.day.into(), 2);
        out.push(b'T');
        self.push_time(out);
    }

    fn push_day_first(&self, out: &mut Vec<u8>) {
        push_padded(out, self.day.into(), 2);
        out.push(b'/');
        out.extend_from_slice(self.month_name());
        out.push(b'/');
        push_padded(out, self.year.max(0) as u32, 4);
        out.push(b':');
        self.push_time(out);
    }

    fn push_time(&self, out: &mut Vec<u8>) {
        push_padded(out, self.hour.into(), 2);
        out.push(b':');
        push_padded(out, self.minute.into(), 2);
        out.push(b':');
        push_padded(out, self.second.into(), 2);
    }

    fn push_offset(&self, out: &mut Vec<u8>, colon: bool) {
        let minutes = self.offset_secs.unsigned_abs() / 60;
        out.push(if self.offset_secs < 0 { b'-' } else { b'+' });
        push_padded(out, minutes / 60, 2);
        if colon {
            out.push(b':');
        }
        push_padded(out, minutes % 60, 2);
    }

    fn month_name(&self) -> &'static [u8] {
        MONTHS[usize::from(self.month.clamp(1, 12)) - 1]
    }
}

/// Appends `value` in decimal, at least `width` digits (10 at most).
fn push_padded(out: &mut Vec<u8>, value: u32, width: usize) {
    let mut digits = [b'0'; 10];
    let mut at = digits.len();
    let mut rest = value;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// Year, month and day of the day `days` after 1970-01-01 (Gregorian).
///
/// Years are counted from March here, so that the leap day is the last of its year and every
/// month's start follows from one linear formula.
fn civil_from_days(days: i64) -> (i32, u8, u8) {
    const DAYS_PER_ERA: i64 = 146_097; // 400 years
    let days = days.saturating_add(719_468); // since 0000-03-01
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era.saturating_mul(400) + year_of_era + i64::from(month <= 2);
    (year.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32, month as u8, day as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_every_format() {
        // date -u -d @1795255872: Sat Nov 21 10:11:12 UTC 2026
        let t = LocalTime::new(1_795_255_872, 123_456, 0);
        assert_eq!(text(|o| t.push_log(o)), "21/Nov/2026:10:11:12.123");
        assert_eq!(text(|o| t.push_clf(o)), "21/Nov/2026:10:11:12 +0000");
        assert_eq!(text(|o| t.push_rfc3164(o)), "Nov 21 10:11:12");
        assert_eq!(text(|o| t.push_rfc5424(o)), "2026-11-21T10:11:12.123456+00:00");
        assert_eq!(text(|o| t.push_iso(o)), "2026-11-21T10:11:12+00:00");
    }

    #[test]
    fn zones_west_and_east_move_the_day() {
        let west = LocalTime::new(1_795_255_872, 1_000, -(11 * 3600 + 1800));
        assert_eq!(text(|o| west.push_rfc5424(o)), "2026-11-20T22:41:12.001000-11:30");
        let east = LocalTime::new(1_795_255_872, 0, 14 * 3600);
        assert_eq!(text(|o| east.push_clf(o)), "22/Nov/2026:00:11:12 +1400");
    }

    #[test]
    fn pads_a_one_digit_day_as_each_format_asks() {
        let t = LocalTime::new(0, 0, 0);
        assert_eq!(text(|o| t.push_rfc3164(o)), "Jan  1 00:00:00");
        assert_eq!(text(|o| t.push_log(o)), "01/Jan/1970:00:00:00.000");
    }

    #[test]
    fn knows_leap_years() {
        let days = |secs: i64| {
            let t = LocalTime::new(secs, 0, 0);
            (t.year, t.month, t.day)
        };
        assert_eq!(days(951_782_400), (2000, 2, 29));
        assert_eq!(days(951_782_400 + 86_400), (2000, 3, 1));
        assert_eq!(days(4_107_542_400), (2100, 3, 1), "2100 has no leap day");
        assert_eq!(days(4_107_542_400 - 86_400), (2100, 2, 28));
        assert_eq!(days(-86_400), (1969, 12, 31));
    }

    #[test]
    fn no_input_panics() {
        for secs in [i64::MIN, i64::MAX, i64::MAX / 86_400] {
            let t = LocalTime::new(secs, u32::MAX, i32::MAX);
            assert!(!text(|o| t.push_rfc5424(o)).is_empty());
        }
    }
}
