#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cmd/commands.hpp"
#include "output/json.hpp"
#include "service_manager.hpp"

namespace findme::cli {
namespace {

constexpr std::chrono::seconds kDrain{5};

void tell_address(Context& context, const std::string& address) {
    const bool is_tcp = !address.starts_with("unix:");
    if (context.is_text()) return context.say("listening on " + (is_tcp ? "http://" + address : address));
    Json line = {{"type", "listening"}, {"v", 1}, {"address", address}};
    if (is_tcp) line["url"] = "http://" + address;
    write_line(context.out(), line);
}

/// Until it is stopped. The service manager hears twice as often as it wants to that all is well, and nothing
/// when it is not.
void serve(const HealthServer& server, const ServiceManager& manager, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    const auto stopped = [&] { return stop.stop_requested(); };
    if (!manager.watchdog()) {
        never.wait(lock, stop, stopped);
        return;
    }
    while (!never.wait_for(lock, stop, *manager.watchdog() / 2, stopped)) {
        if (server.answers()) manager.notify("WATCHDOG=1");
    }
}

ExitCode run_serve_health(Context& context, const std::string& listen) {
    const ServiceManager manager(context.environment());
    Config config = context.config().config;
    if (!listen.empty()) config.health_listen = listen;
    if (manager.listen_descriptor())
        config.health_listen = "fd:" + std::to_string(*manager.listen_descriptor());
    // Before the server, so that its threads leave the signals to the run.
    const auto stop = context.take_stops("stopping after the requests at work", StopIs::end);
    HealthServer server(config, context.data_dir(), &context.log());
    tell_address(context, server.address());
    manager.notify("READY=1\nSTATUS=Listening on " + server.address());
    serve(server, manager, stop);
    manager.notify("STOPPING=1\nSTATUS=Stopping");
    server.drain(kDrain);
    return context.stopped_by_limit() ? ExitCode::interrupted : ExitCode::done;
}

}  // namespace

void setup_serve_health(CLI::App& app, Action& action) {
    auto listen = std::make_shared<std::string>();
    auto* serve = app.add_subcommand("serve-health", "Answer health checks and metrics over HTTP");
    serve
        ->add_option("--listen", *listen,
                     "Where to listen: HOST:PORT, [HOST]:PORT or unix:PATH; port 0 takes any")
        ->type_name("ADDRESS");
    serve->callback([&action, listen] {
        action = [listen](Context& context) { return run_serve_health(context, *listen); };
    });
}

}  // namespace findme::cli
