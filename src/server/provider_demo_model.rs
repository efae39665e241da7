//! The demo provider's 3D models: a surface whose shape and colours follow from the words of a prompt, as
//! a binary glTF file.

use crate::provider_demo_scene::{Scene, byte, dice};
use crate::provider_demo_words::words;
use crate::provider_media::MadeFile;
use kumari_store::FileContent;
use serde_json::{Value, json};
use std::f32::consts::TAU;

/// How many points there are around, and along.
const AROUND: u16 = 128;
const ALONG: u16 = 96;
/// The most bytes of one: a model has as many points as every other.
pub(crate) const MODEL_BYTES_MAX: u64 = 1 << 20;

const VASES: &[&str] = &["vase", "cup", "bottle", "bowl", "tower", "tree", "lamp", "bell", "house"];
const KNOTS: &[&str] =
    &["knot", "ring", "rope", "snake", "dragon", "ribbon", "chain", "road", "wave"];
const STONES: &[&str] =
    &["stone", "rock", "planet", "fruit", "ball", "cloud", "egg", "heart", "fox"];

type Point = [f32; 3];

/// A surface over two parameters from 0 to 1.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Turned around an axis, with lobes that twist.
    Vase { lobes: f32, twist: f32, waves: f32, phase: f32 },
    /// A tube along a knot.
    Knot { around: f32, through: f32, thick: f32 },
    /// A ball with bumps.
    Stone { bumps: [f32; 4], phase: f32 },
}

/// A 3D model of a prompt.
pub(crate) fn model(prompt: &str, seed: u64) -> MadeFile {
    let (shape, scene) = (shape(prompt, seed), Scene::of(prompt, seed));
    let (mut points, mut normals, mut colors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut least, mut most) = ([f32::MAX; 3], [f32::MIN; 3]);
    let mut count = 0_u32;
    for row in 0..=ALONG {
        let v = f32::from(row) / f32::from(ALONG);
        for column in 0..=AROUND {
            let u = f32::from(column) / f32::from(AROUND);
            let point = shape.at(u, v);
            for ((least, most), at) in least.iter_mut().zip(&mut most).zip(point) {
                *least = least.min(at);
                *most = most.max(at);
            }
            points.extend(point.iter().flat_map(|at| at.to_le_bytes()));
            normals.extend(shape.normal(u, v).iter().flat_map(|at| at.to_le_bytes()));
            let shade = 0.5 + 0.5 * (TAU * (v * 1.5 + 0.25 * (TAU * u).sin())).sin();
            colors.extend(scene.along(0.3 + 0.7 * shade).map(|part| byte(linear(part))));
            colors.push(0xff);
            count += 1;
        }
    }
    let corners = corners();
    let indices: Vec<u8> = corners.iter().flat_map(|corner| corner.to_le_bytes()).collect();
    let parts = [points, normals, colors, indices];
    let json = description(&parts, count, corners.len(), (least, most));
    MadeFile {
        media_type: "model/gltf-binary",
        extension: "glb",
        content: FileContent::ThreeD {
            triangles: u32::try_from(corners.len() / 3).unwrap_or(u32::MAX),
        },
        bytes: container(&json, &parts.concat()).into(),
    }
}

fn shape(prompt: &str, seed: u64) -> Shape {
    let mut dice = dice(prompt, seed);
    let said: Vec<String> = words(prompt).map(str::to_lowercase).collect();
    let says = |known: &[&str]| said.iter().any(|word| known.contains(&word.as_str()));
    let kind = match (says(VASES), says(KNOTS), says(STONES)) {
        (true, _, _) => 0,
        (_, true, _) => 1,
        (_, _, true) => 2,
        _ => dice.u8(..3),
    };
    let phase = TAU * dice.f32();
    match kind {
        0 => Shape::Vase {
            lobes: f32::from(dice.u8(3..9)),
            twist: dice.f32() * 2.4 - 1.2,
            waves: 0.8 + dice.f32(),
            phase,
        },
        1 => {
            // Turns that have no common divisor: the tube closes after all of them.
            let (around, through) =
                dice.choice([(2_u8, 3_u8), (3, 2), (3, 4), (2, 5)]).unwrap_or((2, 3));
            let thick = 0.16 + 0.1 * dice.f32();
            Shape::Knot { around: f32::from(around), through: f32::from(through), thick }
        }
        _ => Shape::Stone { bumps: std::array::from_fn(|_| 0.03 + 0.13 * dice.f32()), phase },
    }
}

impl Shape {
    fn at(self, u: f32, v: f32) -> Point {
        let turn = TAU * u;
        match self {
            Self::Vase { lobes, twist, waves, phase } => {
                // Thin at both ends, so that it is closed.
                let ends = (1.0 - (2.0 * v - 1.0).powi(8)).max(0.0);
                let body = 0.52 + 0.22 * (TAU * waves * v + phase).sin() + 0.1 * v;
                let lobe = 1.0 + 0.12 * (lobes * (turn + twist * v)).cos();
                let wide = ends * body * lobe;
                [wide * turn.cos(), 2.0 * v - 1.0, wide * turn.sin()]
            }
            Self::Knot { around, through, thick } => {
                let (center, along) = (knot(around, through, v), tangent(around, through, v));
                let aside = unit(cross(along, [0.0, 1.0, 0.02]));
                let up = cross(aside, along);
                let (one, other) = (thick * turn.cos(), thick * turn.sin());
                sum(center, sum(scaled(aside, one), scaled(up, other)))
            }
            Self::Stone { bumps: [a, b, c, d], phase } => {
                let tilt = std::f32::consts::PI * v;
                let [x, y, z] = [tilt.sin() * turn.cos(), -tilt.cos(), tilt.sin() * turn.sin()];
                let bump = a * (3.0 * x + phase).sin()
                    + b * (4.0 * y - phase).sin()
                    + c * (5.0 * z + 2.0 * phase).sin()
                    + d * (7.0 * x * y + 6.0 * z).sin();
                scaled([x, y, z], 0.85 + bump)
            }
        }
    }

    /// Straight out of the surface, by how it goes on in both directions.
    fn normal(self, u: f32, v: f32) -> Point {
        let step = 0.002;
        // The ends of a closed surface are points: a little inside they have a direction.
        let v = v.clamp(step * 2.0, 1.0 - step * 2.0);
        let across = difference(self.at(u + step, v), self.at(u - step, v));
        let along = difference(self.at(u, v + step), self.at(u, v - step));
        unit(cross(along, across))
    }
}

fn knot(around: f32, through: f32, v: f32) -> Point {
    let turn = TAU * v;
    let wide = 0.68 + 0.27 * (through * turn).cos();
    [wide * (around * turn).cos(), 0.34 * (through * turn).sin(), wide * (around * turn).sin()]
}

fn tangent(around: f32, through: f32, v: f32) -> Point {
    let step = 0.001;
    unit(difference(knot(around, through, v + step), knot(around, through, v - step)))
}

fn sum([a, b, c]: Point, [d, e, f]: Point) -> Point {
    [a + d, b + e, c + f]
}

fn difference(one: Point, other: Point) -> Point {
    sum(one, scaled(other, -1.0))
}

fn scaled(point: Point, by: f32) -> Point {
    point.map(|at| at * by)
}

fn cross([a, b, c]: Point, [d, e, f]: Point) -> Point {
    [b * f - c * e, c * d - a * f, a * e - b * d]
}

fn unit(point: Point) -> Point {
    let [a, b, c] = point;
    let length = (a * a + b * b + c * c).sqrt();
    if length > 0.0 { scaled(point, length.recip()) } else { [0.0, 1.0, 0.0] }
}

/// A file's colours are linear, a palette's are as a screen has them.
fn linear(part: f32) -> f32 {
    part.powf(2.2)
}

/// Two triangles for each four points; their corners go around against the clock, seen from outside.
fn corners() -> Vec<u16> {
    let wide = AROUND + 1;
    let mut corners = Vec::new();
    for row in 0..ALONG {
        for column in 0..AROUND {
            let first = row * wide + column;
            let below = first + wide;
            corners.extend([first, below, first + 1, first + 1, below, below + 1]);
        }
    }
    corners
}

/// What the bytes are.
fn description(
    parts: &[Vec<u8>; 4],
    points: u32,
    corners: usize,
    (least, most): (Point, Point),
) -> Value {
    const FLOAT: u32 = 5126;
    const BYTE: u32 = 5121;
    const SHORT: u32 = 5123;
    const POINTS: u32 = 34962;
    const CORNERS: u32 = 34963;
    let mut from = 0_usize;
    let views = parts.iter().zip([POINTS, POINTS, POINTS, CORNERS]).map(|(part, target)| {
        let view = json!({
            "buffer": 0, "byteOffset": from, "byteLength": part.len(), "target": target,
        });
        from += part.len();
        view
    });
    let views: Vec<Value> = views.collect();
    json!({
        "asset": { "version": "2.0", "generator": "Kumari Credits" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{
            "attributes": { "POSITION": 0, "NORMAL": 1, "COLOR_0": 2 }, "indices": 3, "material": 0,
        }] }],
        "materials": [{
            "pbrMetallicRoughness": { "metallicFactor": 0.1, "roughnessFactor": 0.42 },
        }],
        "buffers": [{ "byteLength": from }],
        "bufferViews": views,
        "accessors": [
            { "bufferView": 0, "componentType": FLOAT, "count": points, "type": "VEC3",
              "min": least, "max": most },
            { "bufferView": 1, "componentType": FLOAT, "count": points, "type": "VEC3" },
            { "bufferView": 2, "componentType": BYTE, "normalized": true, "count": points,
              "type": "VEC4" },
            { "bufferView": 3, "componentType": SHORT, "count": corners, "type": "SCALAR" },
        ],
    })
}

/// Both in one file: a head, and two chunks whose lengths are multiples of four.
fn container(json: &Value, bytes: &[u8]) -> Vec<u8> {
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let whole = 12 + 8 + json.len() + 8 + bytes.len();
    [
        &b"glTF"[..],
        &2_u32.to_le_bytes(),
        &size(whole),
        &size(json.len()),
        b"JSON",
        &json,
        &size(bytes.len()),
        b"BIN\0",
        &bytes,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::{MODEL_BYTES_MAX, Shape, cross, difference, knot, model, shape};
    use serde_json::Value;

    fn number(bytes: &[u8], at: usize) -> usize {
        let bytes: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        usize::try_from(u32::from_le_bytes(bytes)).unwrap()
    }

    /// A file that keeps what the format asks for; the points of it.
    fn check(bytes: &[u8]) -> Vec<[f32; 3]> {
        assert_eq!(
            (&bytes[..4], number(bytes, 4), number(bytes, 8)),
            (&b"glTF"[..], 2, bytes.len())
        );
        let json_size = number(bytes, 12);
        assert_eq!((&bytes[16..20], json_size % 4), (&b"JSON"[..], 0));
        let json: Value = serde_json::from_slice(&bytes[20..20 + json_size]).unwrap();
        let chunk = 20 + json_size;
        let data = &bytes[chunk + 8..];
        assert_eq!(
            (number(bytes, chunk), &bytes[chunk + 4..chunk + 8]),
            (data.len(), &b"BIN\0"[..])
        );
        let at =
            |value: &Value, name: &str| usize::try_from(value[name].as_u64().unwrap()).unwrap();
        assert_eq!(at(&json["buffers"][0], "byteLength").next_multiple_of(4), data.len());
        let part = |accessor: usize, size: usize| {
            let accessor = &json["accessors"][accessor];
            let view = &json["bufferViews"][at(accessor, "bufferView")];
            let (from, length) = (at(view, "byteOffset"), at(view, "byteLength"));
            assert_eq!((from % 4, length), (0, at(accessor, "count") * size));
            &data[from..from + length]
        };
        let floats = |bytes: &[u8]| -> Vec<[f32; 3]> {
            let one = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
            bytes.chunks(12).map(|three| [0, 4, 8].map(|at| one(&three[at..at + 4]))).collect()
        };
        let points = floats(part(0, 12));
        let normals = floats(part(1, 12));
        for [x, y, z] in &normals {
            let length = (x * x + y * y + z * z).sqrt();
            assert!((length - 1.0).abs() < 0.001, "a normal as long as {length}");
        }
        assert_eq!(part(2, 4).len(), points.len() * 4);
        let corner = |bytes: &[u8]| usize::from(u16::from_le_bytes(bytes.try_into().unwrap()));
        for bytes in part(3, 2).chunks(6) {
            let [a, b, c] = [0, 2, 4].map(|at| corner(&bytes[at..at + 2]));
            let face = cross(difference(points[b], points[a]), difference(points[c], points[a]));
            let along: f32 = face.iter().zip(normals[a]).map(|(one, other)| one * other).sum();
            // A triangle at a pole has no side.
            assert!(along > -1e-6, "a triangle is seen from where its normal does not go: {along}");
        }
        type Bound = fn(f32, f32) -> f32;
        let bounds: [(&str, Bound); 2] = [("min", f32::min), ("max", f32::max)];
        for (axis, bound) in bounds {
            for at in 0..3 {
                let stated = json["accessors"][0][axis][at].as_f64().unwrap();
                let found = points.iter().map(|point| point[at]).reduce(bound).unwrap();
                assert!((stated - f64::from(found)).abs() < 1e-6, "{axis} {at}");
            }
        }
        points
    }

    #[test]
    fn normals_go_outwards() {
        let dot = |one: [f32; 3], other: [f32; 3]| -> f32 {
            one.iter().zip(other).map(|(one, other)| one * other).sum()
        };
        for prompt in ["a vase", "a knot", "a stone"] {
            let shape = shape(prompt, 1);
            for step in 1..20_u8 {
                let (u, v) = (f32::from(step) / 20.0, 0.1 + 0.04 * f32::from(step));
                let [x, y, z] = shape.at(u, v);
                let inside = match shape {
                    Shape::Vase { .. } => [0.0, y, 0.0],
                    Shape::Stone { .. } => [0.0; 3],
                    Shape::Knot { around, through, .. } => knot(around, through, v),
                };
                let out = dot(shape.normal(u, v), difference([x, y, z], inside));
                assert!(out > 0.0, "{prompt}: {out} at {u}, {v}");
            }
        }
    }

    #[test]
    fn a_model_is_a_whole_file_of_its_prompt() {
        for prompt in ["a vase", "a knot", "a stone", "", "\u{1f98a}"] {
            let made = model(prompt, 1);
            assert!(u64::try_from(made.bytes.len()).unwrap() <= MODEL_BYTES_MAX);
            let points = check(&made.bytes);
            assert!(points.iter().flatten().all(|at| at.abs() < 3.0), "{prompt}");
            assert_ne!(made.bytes, model(prompt, 2).bytes);
            assert_eq!(made.bytes, model(prompt, 1).bytes);
        }
    }
}
