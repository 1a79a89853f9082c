//! Owns the order in which the hosts of a domain are tried (RFC 2782): by priority, among equals by lot, the heavier the
//! likelier. Pure: the lots are drawn by whoever asks.

/// One host of a domain, as name servers list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub host: String,
}

/// The hosts in the order in which they are tried.
pub fn ordered(mut hosts: Vec<Srv>, mut draw: impl FnMut() -> u64) -> Vec<Srv> {
    // Those without weight come first, so that they keep a small chance.
    hosts.sort_by(|a, b| {
        (a.priority, a.weight, &a.host, a.port).cmp(&(b.priority, b.weight, &b.host, b.port))
    });
    let mut order = Vec::with_capacity(hosts.len());
    while let Some(priority) = hosts.first().map(|host| host.priority) {
        let equals = hosts.iter().take_while(|host| host.priority == priority);
        let total: u64 = equals.map(|host| u64::from(host.weight)).sum();
        let mut left = draw() % (total + 1);
        let is_chosen = |host: &Srv| {
            let weight = u64::from(host.weight);
            let chosen = weight >= left;
            left = left.saturating_sub(weight);
            chosen
        };
        let at = hosts.iter().position(is_chosen).unwrap_or(0);
        order.push(hosts.remove(at));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(priority: u16, weight: u16, host: &str) -> Srv {
        let (port, host) = (5_060, host.to_owned());
        Srv {
            priority,
            weight,
            port,
            host,
        }
    }

    #[test]
    fn lower_priorities_come_first_and_weights_decide_among_equals() {
        let all = || {
            vec![
                host(20, 0, "late"),
                host(10, 30, "heavy"),
                host(10, 10, "light"),
                host(10, 0, "idle"),
            ]
        };
        let mut state = 1_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let (mut heavy, mut idle) = (0, 0);
        for _ in 0..4_000 {
            let order = ordered(all(), &mut draw);
            assert_eq!(order.len(), 4);
            assert_eq!(order[3].host, "late");
            heavy += u32::from(order[0].host == "heavy");
            idle += u32::from(order[0].host == "idle");
        }
        assert!((2_700..3_200).contains(&heavy), "three of four, not {heavy}");
        assert!((20..250).contains(&idle), "seldom, but not never: {idle}");
    }

    #[test]
    fn nothing_is_lost_whatever_is_drawn() {
        for draw in [0, 1, 39, 40, 41, u64::MAX] {
            let order = ordered(vec![host(1, 40, "a"), host(1, 0, "b"), host(0, 0, "c")], || draw);
            assert_eq!((order.len(), order[0].host.as_str()), (3, "c"));
        }
        assert_eq!(ordered(Vec::new(), || 0), []);
    }
}
