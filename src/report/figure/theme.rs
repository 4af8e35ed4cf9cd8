//! How figures look: one style sheet for all of them.
//!
//! Colours are those of Okabe and Ito (2008), which are told apart by people with any usual kind of
//! colour blindness; what operations came to is told by lines and signs, too. What is outside of
//! `@media` is complete by itself, since some renderers know nothing else.

/// The width of a figure, in pixels, as all sizes here.
pub(super) const WIDTH: f64 = 1_200.0;
/// The free space around a figure's content.
pub(super) const MARGIN: f64 = 28.0;
/// The radius of a point.
pub(super) const POINT: f64 = 7.5;
/// The size of operations' labels.
pub(super) const LABEL: f64 = 12.0;
/// The size of lanes' names.
pub(super) const LANE: f64 = 12.5;
/// The size of ticks, states and notes.
pub(super) const SMALL: f64 = 11.0;
/// The size of sentences.
pub(super) const BODY: f64 = 13.5;
/// The size of the title.
pub(super) const TITLE: f64 = 20.0;

/// Kinds of colour in charts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    /// Axes, ticks and texts.
    Faint,
    Blue,
    Orange,
    Green,
    Red,
    Purple,
    Sky,
}

impl Ink {
    /// All of them.
    pub(super) const ALL: [Ink; 7] =
        [Ink::Faint, Ink::Blue, Ink::Orange, Ink::Green, Ink::Red, Ink::Purple, Ink::Sky];

    /// The colour that stands for it where colours are numbers.
    pub(super) fn rgb(self) -> (u8, u8, u8) {
        match self {
            Ink::Faint => (0x5f, 0x6b, 0x76),
            Ink::Blue => (0x00, 0x72, 0xb2),
            Ink::Orange => (0xe6, 0x9f, 0x00),
            Ink::Green => (0x00, 0x9e, 0x73),
            Ink::Red => (0xc8, 0x3c, 0x00),
            Ink::Purple => (0xa0, 0x50, 0x8c),
            Ink::Sky => (0x56, 0xb4, 0xe9),
        }
    }

    /// The one with this colour; faint if there is none.
    pub(super) fn of(rgb: (u8, u8, u8)) -> Ink {
        Ink::ALL.into_iter().find(|ink| ink.rgb() == rgb).unwrap_or(Ink::Faint)
    }

    /// The class of a line.
    pub(super) fn stroke(self) -> &'static str {
        match self {
            Ink::Faint => "s0",
            Ink::Blue => "s1",
            Ink::Orange => "s2",
            Ink::Green => "s3",
            Ink::Red => "s4",
            Ink::Purple => "s5",
            Ink::Sky => "s6",
        }
    }

    /// The class of an area.
    pub(super) fn fill(self) -> &'static str {
        match self {
            Ink::Faint => "f0",
            Ink::Blue => "f1",
            Ink::Orange => "f2",
            Ink::Green => "f3",
            Ink::Red => "f4",
            Ink::Purple => "f5",
            Ink::Sky => "f6",
        }
    }

    /// The class of an area through which others are seen.
    pub(super) fn wash(self) -> &'static str {
        match self {
            Ink::Faint => "w0",
            Ink::Blue => "w1",
            Ink::Orange => "w2",
            Ink::Green => "w3",
            Ink::Red => "w4",
            Ink::Purple => "w5",
            Ink::Sky => "w6",
        }
    }
}

/// The style sheet.
pub(super) const STYLE: &str = "
text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;\
font-size:11px;fill:#4d5761}
.paper{fill:#ffffff}
.title{font-size:20px;font-weight:700;fill:#1b1f23}
.body{font-size:13.5px;fill:#3b444d}
.lane{font-size:12.5px;fill:#1b1f23}
.node{font-size:11px;font-weight:700;fill:#4d5761}
.small{font-size:11px;fill:#4d5761}
.op,.state{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
.op{font-size:12px;fill:#1b1f23}
.state{font-size:11px;fill:#0b5a8a}
.reason{font-size:11px;font-weight:700;fill:#b02f00}
.rail{stroke:#e6e9ec;fill:none}
.group{stroke:#b9c0c7;fill:none}
.ok{fill:#e3f1ec;stroke:#00805d}
.fail{fill:#f0f1f3;stroke:#8b949e}
.fail-label{fill:#6e7781}
.struck{stroke:#6e7781;fill:none}
.info{fill:#fdf3dc;stroke:#b07900;stroke-dasharray:4 3}
.culprit{fill:#fde3d9;stroke:#c83c00;stroke-width:2.5}
.core{stroke-width:2}
.way{stroke:#0072b2;stroke-width:1.6;fill:none}
.point{fill:#0072b2;stroke:#ffffff;stroke-width:1}
.count{font-size:10px;font-weight:700;fill:#ffffff}
.edge{stroke:#c83c00;stroke-width:2;stroke-dasharray:6 4;fill:none}
.head{fill:#c83c00}
.window{fill:#c83c00;fill-opacity:.12;stroke:#c83c00}
.zoom{stroke:#c83c00;stroke-opacity:.45;fill:none}
.many{fill:#b9c8d6}
.mark{fill:#c83c00}
.trouble{fill:#e69f00;fill-opacity:.22}
.axis{stroke:#8b949e;fill:none}
.tick{stroke:#d5dade;fill:none}
.s0,.s1,.s2,.s3,.s4,.s5,.s6{fill:none;stroke-width:1.6}
.s0{stroke:#c5cbd1;stroke-width:1}.s1{stroke:#0072b2}.s2{stroke:#b07900}.s3{stroke:#00805d}\
.s4{stroke:#c83c00}.s5{stroke:#a0508c}.s6{stroke:#2f8fc6}
.f0{fill:#8b949e}.f1{fill:#0072b2}.f2{fill:#e69f00}.f3{fill:#009e73}.f4{fill:#c83c00}\
.f5{fill:#a0508c}.f6{fill:#56b4e9}
.w0,.w1,.w2,.w3,.w4,.w5,.w6{fill-opacity:.25}
.w0{fill:#8b949e}.w1{fill:#0072b2}.w2{fill:#e69f00}.w3{fill:#009e73}.w4{fill:#c83c00}\
.w5{fill:#a0508c}.w6{fill:#56b4e9}
g:target .ok,g:target .info,g:target .fail{stroke-width:3}
@media (prefers-color-scheme:dark){
text,.small,.node{fill:#a9b4bf}
.paper{fill:#14181c}
.title,.lane,.op{fill:#eef1f4}
.body{fill:#cdd5dc}
.state{fill:#7cc4ee}
.reason{fill:#ff9470}
.rail{stroke:#2b3238}.group{stroke:#4d5761}
.ok{fill:#12352b;stroke:#2fb58c}
.fail{fill:#242a30;stroke:#6e7781}.fail-label{fill:#a9b4bf}.struck{stroke:#a9b4bf}
.info{fill:#3a2d0c;stroke:#e6a92b}
.culprit{fill:#4a1d0d;stroke:#ff7a4d}
.point{fill:#2a93d0;stroke:#14181c}.way{stroke:#4aa8e0}
.edge{stroke:#ff7a4d}.head,.mark{fill:#ff7a4d}
.window{fill:#ff7a4d;stroke:#ff7a4d}.zoom{stroke:#ff7a4d}
.many{fill:#3d4a56}.axis{stroke:#6e7781}.tick{stroke:#2b3238}.s0{stroke:#3a434b}
}
@media print{.paper{fill:none}}
";
