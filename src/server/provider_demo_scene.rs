//! What the demo provider draws: abstract scenes whose colours and shapes follow from the words of a
//! prompt. Pure: the same prompt and seed give the same scene, at any size and any instant.
//!
//! Files are made of it in `provider_demo_image` and `provider_demo_clip`; a 3D model takes its colours.

use crate::provider_demo_words::words;
use fastrand::Rng;
use sha2::{Digest as _, Sha256};
use std::f32::consts::TAU;

/// Red, green and blue from 0 to 1.
pub(crate) type Color = [f32; 3];

/// Words that tell a hue, in degrees.
const HUES: [(f32, &[&str]); 8] = [
    (8.0, &["red", "fox", "fire", "rose", "mars", "autumn", "lava", "strawberry"]),
    (32.0, &["orange", "sunset", "desert", "copper", "lion", "pumpkin", "bread", "wood"]),
    (48.0, &["yellow", "gold", "golden", "sun", "honey", "lemon", "sand", "summer"]),
    (130.0, &["green", "forest", "tree", "grass", "leaf", "jungle", "spring", "frog"]),
    (185.0, &["teal", "turquoise", "lagoon", "mint", "ice", "winter", "snow", "glacier"]),
    (212.0, &["blue", "sea", "ocean", "water", "sky", "river", "lake", "rain", "whale"]),
    (268.0, &["purple", "violet", "night", "galaxy", "space", "lavender", "moon", "storm"]),
    (328.0, &["pink", "cherry", "flower", "blossom", "love", "candy", "flamingo", "dawn"]),
];
const LANDSCAPES: &[&str] = &[
    "mountain",
    "mountains",
    "hill",
    "hills",
    "sunset",
    "sea",
    "ocean",
    "beach",
    "desert",
    "landscape",
    "forest",
    "lake",
    "sky",
    "moon",
    "winter",
    "snow",
    "river",
    "valley",
    "dawn",
    "island",
    "house",
];
const FLOWS: &[&str] = &[
    "abstract", "marble", "flow", "smoke", "fire", "water", "music", "dream", "wave", "waves",
    "storm", "galaxy", "silk", "paint", "lava", "wind", "rain", "time",
];
const PLANETS: &[&str] = &[
    "planet", "planets", "ball", "balls", "bubble", "bubbles", "balloon", "balloons", "orb",
    "orbs", "fruit", "fruits", "candy", "pearls", "lanterns", "marbles",
];
const RIDGES: u8 = 6;
const ORBS: u8 = 9;

/// A scene.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    kind: Kind,
    /// From dark to light.
    pub(crate) palette: [Color; 5],
    /// What chance decided, from 0 to 1.
    chance: [f32; 24],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Hills,
    Flow,
    Orbs,
}

impl Scene {
    /// The scene of a prompt.
    pub(crate) fn of(prompt: &str, seed: u64) -> Self {
        let mut dice = dice(prompt, seed);
        let said: Vec<String> = words(prompt).map(str::to_lowercase).collect();
        let says = |known: &[&str]| said.iter().any(|word| known.contains(&word.as_str()));
        let any = dice.f32() * 360.0;
        let told = said.iter().find_map(|word| {
            HUES.iter().find(|(_, known)| known.contains(&word.as_str())).map(|(hue, _)| *hue)
        });
        // Some way from the hue that a word tells, so that no two of them are alike.
        let hue = told.map_or(any, |hue| hue + (dice.f32() - 0.5) * 16.0);
        let kind = if says(PLANETS) {
            Kind::Orbs
        } else if says(LANDSCAPES) {
            Kind::Hills
        } else if says(FLOWS) {
            Kind::Flow
        } else {
            dice.choice([Kind::Hills, Kind::Flow, Kind::Orbs]).unwrap_or(Kind::Flow)
        };
        let chance = std::array::from_fn(|_| dice.f32());
        Self { kind, palette: palette(hue, dice.f32()), chance }
    }

    /// Its pixels, row by row, at an instant from 0 to 1; at 1 it is as at 0.
    pub(crate) fn pixels(&self, width: u16, height: u16, instant: f32) -> Vec<u8> {
        let (across, down) = (f32::from(width), f32::from(height));
        let rows = (0..height).flat_map(|row| {
            let y = (f32::from(row) + 0.5) / down;
            (0..width).flat_map(move |column| {
                let x = (f32::from(column) + 0.5) / down;
                self.color(x, y, across / down, instant).map(byte)
            })
        });
        rows.collect()
    }

    /// The colour of a point; `y` goes from 0 to 1, `x` to `wide`.
    fn color(&self, x: f32, y: f32, wide: f32, instant: f32) -> Color {
        match self.kind {
            Kind::Hills => self.hills(x, y, wide, instant),
            Kind::Flow => self.flow(x, y, instant),
            Kind::Orbs => self.orbs(x, y, wide, instant),
        }
    }

    fn hills(&self, x: f32, y: f32, wide: f32, instant: f32) -> Color {
        let [darkest, dark, middle, light, lightest] = self.palette;
        let mut color = mix(light, lightest, smooth(0.0, 0.62, y));
        let across = wide * (0.22 + 0.56 * self.chance(0));
        let sun = (across, 0.22 + 0.14 * self.chance(1) + 0.012 * (TAU * instant).sin());
        let far = (x - sun.0).hypot(y - sun.1);
        let size = 0.075 + 0.05 * self.chance(2);
        color = mix(color, [1.0, 0.98, 0.92], 0.55 * (-far * 5.0).exp());
        color = mix(color, [1.0, 0.97, 0.9], 1.0 - smooth(size - 0.003, size + 0.003, far));
        for ridge in 0..RIDGES {
            let near = f32::from(ridge) / f32::from(RIDGES - 1);
            let phase = TAU * self.chance(3 + usize::from(ridge));
            let drift = TAU * instant;
            let height = 0.42
                + 0.42 * near
                + (0.075 - 0.035 * near) * (x * (2.3 + 1.7 * near) + phase).sin()
                + 0.028 * (x * 6.1 - phase * 1.7 + 0.35 * near * drift.sin()).sin()
                + 0.010 * (x * 15.0 + phase * 2.9).sin();
            let shade = match near < 0.5 {
                true => mix(middle, dark, near * 2.0),
                false => mix(dark, darkest, near * 2.0 - 1.0),
            };
            // Mist lies in the valleys.
            let mist = 0.34 * (1.0 - near) * smooth(height, height + 0.2, y);
            let shade = mix(shade, light, mist);
            color = mix(color, shade, smooth(height - 0.0015, height + 0.0015, y));
        }
        color
    }

    fn flow(&self, x: f32, y: f32, instant: f32) -> Color {
        let turn = TAU * instant;
        let (mut u, mut v) = (x * 2.4 + 3.0 * self.chance(0), y * 2.4 + 3.0 * self.chance(1));
        for number in 1..=4_u8 {
            let step = f32::from(number);
            let phase = TAU * self.chance(1 + usize::from(number));
            u += 0.62 / step * (v * step * 1.25 + phase + 0.5 * turn.sin()).sin();
            v += 0.62 / step * (u * step * 1.15 - phase + 0.5 * turn.cos()).sin();
        }
        let along = 0.5 + 0.5 * (u * 1.4 + v * 0.9).sin();
        let glint = (0.5 + 0.5 * (v * 3.1 - u * 1.3).sin()).powi(6);
        let color = self.along(along);
        let [.., lightest] = self.palette;
        mix(color, lightest, 0.4 * glint)
    }

    fn orbs(&self, x: f32, y: f32, wide: f32, instant: f32) -> Color {
        let [darkest, dark, ..] = self.palette;
        let mut color = mix(dark, darkest, smooth(-0.2, 1.1, 0.4 * x + 0.8 * y));
        for orb in 0..ORBS {
            let at = usize::from(orb);
            let (one, other) = (self.chance(at), self.chance(at + 9));
            let size = 0.07 + 0.15 * self.chance(at + 4);
            let turn = TAU * (instant + one);
            let center_x = wide * (0.08 + 0.84 * one) + 0.035 * turn.cos();
            let center_y = 0.1 + 0.8 * other + 0.035 * turn.sin();
            let (dx, dy) = (x - center_x, y - center_y);
            let far = dx.hypot(dy);
            let below = (dx - 0.02).hypot(dy - 0.05);
            color = mix(color, darkest, 0.35 * (1.0 - smooth(size * 0.7, size * 1.25, below)));
            if far > size + 0.003 {
                continue;
            }
            let up = (1.0 - (far / size).powi(2)).max(0.0).sqrt();
            let lit = (-0.45 * dx / size - 0.6 * dy / size + 0.66 * up).max(0.0);
            let own = self.along(0.25 + 0.75 * self.chance(at + 13));
            let shaded = mix(darkest, own, 0.25 + 0.85 * lit);
            let shaded = mix(shaded, [1.0, 1.0, 1.0], 0.75 * lit.powi(22));
            color = mix(color, shaded, 1.0 - smooth(size - 0.003, size + 0.003, far));
        }
        color
    }

    /// The colour at a place of the palette, from 0 to 1.
    pub(crate) fn along(&self, place: f32) -> Color {
        let place = place.clamp(0.0, 1.0) * 4.0;
        let [mut color, ..] = self.palette;
        for (next, from) in self.palette.iter().skip(1).zip(0_u8..) {
            color = mix(color, *next, (place - f32::from(from)).clamp(0.0, 1.0));
        }
        color
    }

    fn chance(&self, index: usize) -> f32 {
        self.chance.get(index % self.chance.len()).copied().unwrap_or_default()
    }
}

/// Chance out of a prompt and a seed.
pub(crate) fn dice(prompt: &str, seed: u64) -> Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(prompt);
    let start: [u8; 8] = hash.finalize().first_chunk().copied().unwrap_or_default();
    Rng::with_seed(u64::from_le_bytes(start))
}

/// Five colours that go together, from dark to light; the lighter ones turn to another hue.
fn palette(hue: f32, chance: f32) -> [Color; 5] {
    let turn = if chance < 0.5 { 52.0 } else { -64.0 };
    [
        hsl(hue - turn * 0.5, 0.52, 0.13),
        hsl(hue - turn * 0.2, 0.56, 0.29),
        hsl(hue, 0.62, 0.48),
        hsl(hue + turn * 0.5, 0.72, 0.67),
        hsl(hue + turn, 0.78, 0.85),
    ]
}

fn hsl(hue: f32, saturation: f32, lightness: f32) -> Color {
    let reach = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|from: f32| {
        let place = (from + hue / 30.0).rem_euclid(12.0);
        lightness - reach * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0)
    })
}

fn mix(from: Color, to: Color, part: f32) -> Color {
    let ([a, b, c], [d, e, f]) = (from, to);
    let between = |from: f32, to: f32| from + (to - from) * part;
    [between(a, d), between(b, e), between(c, f)]
}

/// 0 below, 1 above, and smooth between.
fn smooth(below: f32, above: f32, at: f32) -> f32 {
    let part = ((at - below) / (above - below)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

/// A part of all as a byte.
#[expect(
    clippy::as_conversions,
    reason = "from a float to an integer there is no other way, and it stays in range"
)]
pub(crate) fn byte(part: f32) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::Scene;

    #[test]
    fn a_scene_follows_from_its_words_and_its_seed() {
        let pixels = |prompt, seed| Scene::of(prompt, seed).pixels(16, 12, 0.0);
        assert_eq!(pixels("a red fox", 1), pixels("a red fox", 1));
        assert_ne!(pixels("a red fox", 1), pixels("a red fox", 2));
        assert_ne!(pixels("a red fox", 1), pixels("a blue whale", 1));
        for prompt in ["hills", "marble", "", "a", "b", "c", "d", "\u{1f98a} 世界"] {
            let seen = pixels(prompt, 7);
            assert_eq!(seen.len(), 16 * 12 * 3);
            assert!(seen.iter().any(|byte| byte != &seen[0]), "{prompt}: one colour");
            let scene = Scene::of(prompt, 7);
            assert_ne!(scene.pixels(16, 12, 0.25), seen, "{prompt}: it does not move");
        }
    }
}
