//! What a scene's proxies and servers counted, from `show stat`.

use super::scene::Scene;

/// The columns that two runs of the same script must agree on: no bytes (a listed divergence), times or rates.
const COUNTED: &[&str] = &[
    "qcur",
    "qmax",
    "scur",
    "smax",
    "stot",
    "dreq",
    "dresp",
    "ereq",
    "econ",
    "eresp",
    "wretr",
    "wredis",
    "lbtot",
    "hrsp_1xx",
    "hrsp_2xx",
    "hrsp_3xx",
    "hrsp_4xx",
    "hrsp_5xx",
    "hrsp_other",
    "req_tot",
    "cli_abrt",
    "srv_abrt",
    "dcon",
    "dses",
    "intercepted",
    "conn_tot",
    "connect",
    "reuse",
    "wrew",
    "eint",
];

/// For each row of `stat` that belongs to the scene its name and its columns of [`COUNTED`] that are not 0.
pub fn of_scene(stat: &str, scene: &Scene) -> Vec<(String, String)> {
    let mut lines = stat.lines();
    let head: Vec<&str> = lines.next().unwrap_or("").trim_start_matches("# ").split(',').collect();
    let (fe, be) = (format!("fe_{}", scene.name), format!("be_{}", scene.name));
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let own = rows.filter(|cells| cells.len() > 2 && (cells[0] == fe || cells[0] == be));
    let of_row = |cells: Vec<&str>| {
        let is_told = |name: &str| {
            // Whether two clients are there at once is chance where one comes when the other has just gone.
            let is_chance = scene.chance.contains(&name) || (cells[1] == "FRONTEND" && name == "smax");
            COUNTED.contains(&name) && !is_chance
        };
        let told = head.iter().zip(&cells).filter(|(name, cell)| is_told(name) && !["", "0"].contains(cell));
        let text: Vec<String> = told.map(|(name, cell)| format!("{name}={cell}")).collect();
        (format!("counters of {}", cells[1]), text.join(" "))
    };
    own.map(of_row).collect()
}
