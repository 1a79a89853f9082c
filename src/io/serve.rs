//! A running bridge, from its settings to its end.

use super::control_loop::ControlLoop;
use super::control_socket::{Ask, ControlSocket, Request};
use super::http::HttpServer;
use super::media_port::MediaPort;
use super::ports::Ports;
use super::reload::{Reloader, Reread};
use super::resolver::Resolver;
use super::sip_tcp::SipTcp;
use super::sip_udp::SipUdp;
use super::store::Store;
use super::tls::Tls;
use super::{clips, media_thread, trunks};
use crate::bridge::Bridge;
use crate::config::Config;
use crate::room::Policy;
pub use crate::sip::CONNECTIONS_MAX;
use crate::sip::{CalledPolicy, Listen, UaConfig, UserAgent};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for the control loop at most.
const ASKS: usize = 16;

/// Runs a bridge until SIGTERM or SIGINT, or until it has run dry; `reread` reads its settings again. Blocks.
pub fn run(config: &Config, reread: Reread) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config, reread))
}

async fn serve(config: &Config, reread: Reread) -> anyhow::Result<()> {
    // First of all: until somebody listens for it, a SIGHUP ends the program.
    let hang_up = signal(SignalKind::hangup())?;
    raise_descriptor_limit();
    let trunks = trunks::load(config)?;
    let tls = Tls::load(config)?;
    let store = Store::open(&config.store.data).await?;
    let control = ControlSocket::bind(&config.store.data)?;
    let udp = SipUdp::bind(&config.sip.listen, config.sip.dscp)?;
    let tcp = SipTcp::bind(&config.sip.listen, &config.tls.listen, tls, config.sip.dscp)?;
    let http = match config.http.listen {
        Some(listen) => Some(HttpServer::bind(listen).await?),
        None => None,
    };
    let seats = config.calls.max as usize;
    let bank = Arc::new(clips::load(config.prompts.folder.as_deref())?);
    let threads = config.media.threads;
    let (threads, lines) = media_thread::start(threads, seats, bank, config.media)?;
    let ports = Ports::new(config.rtp.ports, config.rtp.dscp);
    let agent = UaConfig {
        listens: listens(config, &config.sip.listen),
        listens_tls: listens(config, &config.tls.listen),
        served: config.sip.trunks.clone(),
        calls_max: seats,
        codecs: config.media.codecs,
        srtp: config.rtp.srtp,
        called: CalledPolicy {
            from: config.sip.called_from.clone(),
            plan: config.sip.dial_plan.clone(),
        },
    };
    let agent = UserAgent::new(agent, Box::new(random));
    let policy = Policy {
        alone_after: config.rooms.alone_after,
        ..Policy::default()
    };
    let bridge = Bridge::new(agent, config.rooms.language, policy);
    let media = MediaPort::new(
        threads,
        lines,
        ports,
        seats,
        config.media.refuse_load_pct,
        (config.media.echo, config.media.echo_ducking),
    );
    let (ask, asks) = mpsc::channel(ASKS);
    let reloads = tokio::spawn(reload_on(hang_up, ask.clone()));
    let pages = http.map(|http| tokio::spawn(http.serve(ask.clone(), store.clone())));
    let commands = tokio::spawn(control.serve(ask));
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    tracing::info!(
        listen = ?config.sip.listen,
        tls = ?config.tls.listen,
        trunks = config.sip.trunks.len(),
        registers_at = config.trunks.len(),
        rtp_ports = %config.rtp.ports,
        calls_max = seats,
        "the bridge is open"
    );
    let reloader = Reloader::new(config.clone(), reread);
    let resolver = Resolver::new(config.sip.name_server);
    let store_of_loop = store.clone();
    ControlLoop::new(bridge, media, (udp, tcp), store_of_loop, asks, reloader, resolver)
        .run(trunks, stop)
        .await;
    reloads.abort();
    if let Some(pages) = pages {
        pages.abort();
    }
    commands.await.ok();
    store.close().await;
    tracing::info!("the bridge is closed");
    Ok(())
}

/// Our sockets, and what callers are told instead.
fn listens(config: &Config, sockets: &[SocketAddr]) -> Vec<Listen> {
    let listen = |socket: &SocketAddr| Listen {
        socket: *socket,
        given: config.sip.given_ip(socket.ip()),
    };
    sockets.iter().map(listen).collect()
}

/// A SIGHUP asks as `rundruf reload` does; the log says what came of it.
async fn reload_on(mut hang_up: Signal, asks: mpsc::Sender<Ask>) {
    while hang_up.recv().await.is_some() {
        let (reply, answered) = oneshot::channel();
        let request = Request::Reload;
        if asks.send(Ask { request, reply }).await.is_err() {
            return;
        }
        answered.await.ok();
    }
}

/// Each call takes two descriptors: as many as the system allows, instead of the usual 1,024.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the descriptor limit stays as it is; `rundruf check` says whether it is enough");
    }
}

/// 64 bits of the operating system's generator.
pub fn random() -> u64 {
    getrandom::u64().expect("the operating system's generator answered when the store's key was read")
}
