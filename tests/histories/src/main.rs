//! t
use histories::draw::{self, EVERYTHING, WEATHERS};
use histories::naive::Naive;
use histories::play::play;
use histories::subject::{Lacks, Trigger};
fn main() {
    let n: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1000);
    let _ = EVERYTHING;
    for w in WEATHERS {
        let started = std::time::Instant::now();
        for which in ["ours", "naive", "no overlap", "no proof"] {
            let (mut lost, mut owed, mut rep, mut del, mut bad, mut lossy) = (0, 0, 0, 0, 0, 0);
            let mut counts = std::collections::BTreeMap::new();
            for seed in 0..n {
                let h = draw::history(w, seed);
                let o = match which {
                    "ours" => play(&h, &mut Trigger::new(&h.settings, Lacks::Nothing), false),
                    "naive" => play(&h, &mut Naive::new(&h.settings), false),
                    "no overlap" => play(&h, &mut Trigger::new(&h.settings, Lacks::Overlap), false),
                    _ => play(&h, &mut Trigger::new(&h.settings, Lacks::Proof), false),
                };
                lost += o.lost;
                owed += o.owed;
                rep += o.repeats;
                del += o.delivered;
                lossy += u64::from(o.lost > 0);
                bad += u64::from(!o.broken.is_empty());
                for (p, how) in &o.broken {
                    counts.entry(*p).or_insert((0, seed, how.clone())).0 += 1;
                }
            }
            println!(
                "{:45} {which:11} lost {lost}/{owed} in {lossy} histories, repeats {rep}/{del} = {:.2}%, broken {bad} {}",
                w.name,
                100.0 * rep as f64 / del as f64,
                started.elapsed().as_secs_f64()
            );
            if which == "ours" {
                for (p, c) in counts {
                    println!("      {p:?} {c:?}");
                }
            }
        }
    }
    if let Some(seed) = std::env::args().nth(2) {
        let name = std::env::args().nth(3).unwrap_or("everything".into());
        let w = WEATHERS.iter().find(|w| w.name.contains(&name)).unwrap();
        use proptest::strategy::ValueTree as _;
        let mut tree = draw::tree(w, seed.parse().unwrap());
        let bad = |h: &histories::history::History| {
            let o = play(h, &mut Trigger::new(&h.settings, Lacks::Nothing), false);
            let want = std::env::args().nth(4).unwrap_or_default();
            o.broken.iter().map(|b| b.0).find(|p| format!("{p:?}").contains(&want))
        };
        let kind = bad(&tree.current());
        let mut alive = true;
        while alive {
            alive = if bad(&tree.current()) == kind { tree.simplify() } else { tree.complicate() };
        }
        while bad(&tree.current()) != kind && tree.complicate() {}
        let h = tree.current();
        println!("{h:#?}");
        println!("{}", play(&h, &mut Trigger::new(&h.settings, Lacks::Nothing), true).story.join("\n"));
    }
}
