#include "ops/health_server.hpp"

#include <microhttpd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <random>
#include <string_view>
#include <utility>

#include "base/file_descriptor.hpp"
#include "base/text.hpp"
#include "base/vendor_library.hpp"
#include "findme/error.hpp"
#include "ops/connection_table.hpp"
#include "ops/repeater.hpp"

namespace findme::ops {
namespace {

constexpr unsigned kThreads = 2;
constexpr std::size_t kConnectionBytes = std::size_t{16} << 10U;
/// A body is not wanted, but one that is cut off in the middle costs its sender the answer.
constexpr std::uint64_t kSkippedBytes = std::uint64_t{64} << 10U;
constexpr std::chrono::milliseconds kDeadlinePoll{250};
/// Descriptors for what is not a connection: the database, the models, the log, the threads' own.
constexpr std::size_t kOwnDescriptors = 64;

/// Loaded by the first server: linked, it and the library for TLS behind it would cost every start of the
/// tool.
struct Microhttpd {
    base::VendorLibrary library{"libmicrohttpd.so.12"};
    decltype(&MHD_start_daemon) start_daemon = nullptr;
    decltype(&MHD_quiesce_daemon) quiesce_daemon = nullptr;
    decltype(&MHD_stop_daemon) stop_daemon = nullptr;
    decltype(&MHD_get_connection_info) get_connection_info = nullptr;
    decltype(&MHD_lookup_connection_value) lookup_connection_value = nullptr;
    decltype(&MHD_lookup_connection_value_n) lookup_connection_value_n = nullptr;
    decltype(&MHD_create_response_from_buffer) create_response_from_buffer = nullptr;
    decltype(&MHD_add_response_header) add_response_header = nullptr;
    decltype(&MHD_queue_response) queue_response = nullptr;
    decltype(&MHD_destroy_response) destroy_response = nullptr;

    Microhttpd() {
        library.bind(start_daemon, "MHD_start_daemon");
        library.bind(quiesce_daemon, "MHD_quiesce_daemon");
        library.bind(stop_daemon, "MHD_stop_daemon");
        library.bind(get_connection_info, "MHD_get_connection_info");
        library.bind(lookup_connection_value, "MHD_lookup_connection_value");
        library.bind(lookup_connection_value_n, "MHD_lookup_connection_value_n");
        library.bind(create_response_from_buffer, "MHD_create_response_from_buffer");
        library.bind(add_response_header, "MHD_add_response_header");
        library.bind(queue_response, "MHD_queue_response");
        library.bind(destroy_response, "MHD_destroy_response");
        if (library.usable()) return;
        throw Error(ErrorCode::internal,
                    "health checks cannot be served: " + library.why_not() + " (install libmicrohttpd)");
    }
};

const Microhttpd& http() {
    static const Microhttpd loaded;
    return loaded;
}

struct ResponseDeleter {
    void operator()(MHD_Response* response) const noexcept { http().destroy_response(response); }
};
using Response = std::unique_ptr<MHD_Response, ResponseDeleter>;

enum class HasBody { no, yes };

/// A request while its body, if it has one, is skipped. The library calls once before and once after it.
struct Skipping {
    HasBody has_body = HasBody::no;
    std::uint64_t bytes = 0;
};

std::string_view header(MHD_Connection* connection, const char* name) {
    const char* value = http().lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

/// 0 without a body; that of a chunked one is not known.
std::optional<std::uint64_t> body_size(MHD_Connection* connection) {
    if (!header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty()) return std::nullopt;
    const std::string_view length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    std::uint64_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    return size;
}

bool accepts_health_json(MHD_Connection* connection) {
    const std::string accept = base::to_lower_ascii(header(connection, MHD_HTTP_HEADER_ACCEPT));
    return accept.find("application/health+json") != std::string::npos;
}

bool is_verbose(MHD_Connection* connection) {
    constexpr std::string_view kKey = "verbose";
    const char* value = nullptr;
    std::size_t size = 0;
    return http().lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, kKey.data(), kKey.size(),
                                            &value, &size) == MHD_YES;
}

void add_header(const Response& response, const char* name, const std::string& value) {
    http().add_response_header(response.get(), name, value.c_str());
}

/// A flood of connections may not take the descriptors that the probe of the database needs.
std::size_t connections_within_reach(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const std::size_t all = limit.rlim_cur;
    return std::min(wanted, all > kOwnDescriptors ? all - kOwnDescriptors : 1);
}

bool send_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

class HealthServer::State {
  public:
    State(std::unique_ptr<ListenSocket> socket, ServerLimits limits, Answer answer,
          std::shared_ptr<Metrics> metrics, Log* log, base::Monotonic clock)
        : socket_(std::move(socket)),
          limits_(limits),
          answer_(std::move(answer)),
          metrics_(std::move(metrics)),
          log_(log),
          table_(std::make_shared<ConnectionTable>(std::move(clock))),
          id_prefix_(std::random_device{}()) {
        limit_connections();
        start();
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    ~State() {
        quiesce();
        if (daemon_ != nullptr) http().stop_daemon(daemon_);
    }

    [[nodiscard]] const ListenSocket& socket() const { return *socket_; }
    [[nodiscard]] std::size_t connections() const { return table_->size(); }
    [[nodiscard]] bool is_full() const { return connections() >= limits_.connections; }

    void drain(std::chrono::milliseconds patience) {
        quiesce();
        table_->wait_for_rest(patience);
    }

  private:
    void limit_connections();
    void start();
    void quiesce() {
        if (daemon_ == nullptr || draining_.exchange(true)) return;
        // From here on the socket is ours again to close.
        http().quiesce_daemon(daemon_);
        socket_->stop_listening();
    }

    static MHD_Result on_accept(void* self, const sockaddr* /*address*/, socklen_t /*size*/);
    static void on_connection(void* self, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code);
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                                 const char* version, const char* data, std::size_t* size, void** context);
    static void on_completed(void* self, MHD_Connection* connection, void** context,
                             MHD_RequestTerminationCode code);

    MHD_Result respond(MHD_Connection* connection, std::string_view url, std::string_view method,
                       HasBody has_body);
    [[nodiscard]] HealthResponse make_answer(const HealthRequest& request);
    void log_failure(const HealthRequest& request, const HealthResponse& response);
    [[nodiscard]] std::string next_id();

    std::unique_ptr<ListenSocket> socket_;
    ServerLimits limits_;
    Answer answer_;
    std::shared_ptr<Metrics> metrics_;
    Log* log_;
    std::shared_ptr<ConnectionTable> table_;
    std::atomic<bool> draining_{false};
    std::atomic<std::uint64_t> requests_{0};
    std::uint32_t id_prefix_;
    MHD_Daemon* daemon_ = nullptr;
    std::unique_ptr<Repeater> deadlines_;
};

void HealthServer::State::limit_connections() {
    const std::size_t wanted =
        std::exchange(limits_.connections, connections_within_reach(limits_.connections));
    if (limits_.connections == wanted || log_ == nullptr) return;
    const std::array<LogField, 2> fields{
        {{"wanted", std::to_string(wanted)}, {"allowed", std::to_string(limits_.connections)}}};
    log_->write(LogLevel::warning, "health_connections_limited_by_descriptors", fields);
}

void HealthServer::State::start() {
    const auto timeout = static_cast<unsigned>(limits_.timeout.count());
    // The accept policy keeps the limit; the library's own is split among its threads, and either may get
    // them all.
    const auto room = static_cast<unsigned>(kThreads * (limits_.connections + kThreads));
    daemon_ = http().start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, on_accept, this, on_request, this,
        MHD_OPTION_LISTEN_SOCKET, socket_->descriptor(), MHD_OPTION_THREAD_POOL_SIZE, kThreads,
        MHD_OPTION_CONNECTION_LIMIT, room, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout, MHD_OPTION_NOTIFY_CONNECTION, on_connection, this,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, this, MHD_OPTION_END);
    if (daemon_ == nullptr) {
        throw Error(ErrorCode::internal,
                    "the health server cannot start its threads: raise the limits of descriptors and tasks");
    }
    deadlines_ = std::make_unique<Repeater>(
        [table = table_, metrics = metrics_, budget = 2 * limits_.timeout]() -> std::chrono::milliseconds {
            const auto ended = table->end_older_than(budget);
            for (std::size_t n = 0; n < ended; ++n) metrics->count_overdue();
            return kDeadlinePoll;
        });
}

MHD_Result HealthServer::State::on_accept(void* self, const sockaddr* /*address*/, socklen_t /*size*/) {
    auto& state = *static_cast<State*>(self);
    if (!state.is_full()) return MHD_YES;
    state.metrics_->count_refused();
    return MHD_NO;
}

void HealthServer::State::on_connection(void* self, MHD_Connection* connection, void** /*context*/,
                                        MHD_ConnectionNotificationCode code) {
    auto& state = *static_cast<State*>(self);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) return state.table_->remove(connection);
    const auto* info = http().get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != nullptr) state.table_->add(connection, info->connect_fd);
}

void HealthServer::State::on_completed(void* self, MHD_Connection* connection, void** context,
                                       MHD_RequestTerminationCode /*code*/) {
    const std::unique_ptr<Skipping> skipped(static_cast<Skipping*>(std::exchange(*context, nullptr)));
    static_cast<State*>(self)->table_->rest(connection);
}

MHD_Result HealthServer::State::on_request(void* self, MHD_Connection* connection, const char* url,
                                           const char* method, const char* /*version*/, const char* /*data*/,
                                           std::size_t* size, void** context) {
    auto& state = *static_cast<State*>(self);
    auto* skipping = static_cast<Skipping*>(*context);
    if (skipping == nullptr) {
        const auto body = body_size(connection);
        // The library can answer these two before their body comes, and closes the connection then.
        const std::string_view name = method;
        const bool answers_early = name == MHD_HTTP_METHOD_POST || name == MHD_HTTP_METHOD_PUT;
        if (answers_early && body.value_or(0) > kSkippedBytes)
            return state.respond(connection, url, name, HasBody::yes);
        *context = std::make_unique<Skipping>(Skipping{body == 0 ? HasBody::no : HasBody::yes}).release();
        return MHD_YES;
    }
    skipping->bytes += *size;
    if (skipping->bytes > kSkippedBytes) return MHD_NO;
    if (std::exchange(*size, 0) > 0) return MHD_YES;
    return state.respond(connection, url, method, skipping->has_body);
}

MHD_Result HealthServer::State::respond(MHD_Connection* connection, std::string_view url,
                                        std::string_view method, HasBody has_body) {
    const std::string id = next_id();
    HealthRequest request;
    request.endpoint = endpoint_of(url);
    request.reads = method == MHD_HTTP_METHOD_GET || method == MHD_HTTP_METHOD_HEAD;
    request.has_body = has_body == HasBody::yes;
    request.verbose = is_verbose(connection);
    request.health_json = accepts_health_json(connection);
    request.id = id;
    HealthResponse answer = make_answer(request);
    metrics_->count_request(request.endpoint, answer.status);

    const Response response(
        http().create_response_from_buffer(answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY));
    if (!response) return MHD_NO;
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, std::string(answer.type));
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "X-Request-Id", id);
    if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (draining_ || request.has_body || !request.reads)
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return http().queue_response(connection, answer.status, response.get());
}

HealthResponse HealthServer::State::make_answer(const HealthRequest& request) {
    HealthResponse response;
    try {
        response = answer_(request, table_->size());
    } catch (const Error& error) {
        response = answer_failure(request.id);
        response.failure = ProbeFailure{error.code(), sqlstate_of(error.info())};
    } catch (const std::exception&) {
        response = answer_failure(request.id);
        response.failure = ProbeFailure{ErrorCode::internal, {}};
    }
    if (response.status >= MHD_HTTP_INTERNAL_SERVER_ERROR) log_failure(request, response);
    return response;
}

/// A probe that asks every second would fill a log: only what must not happen is loud.
void HealthServer::State::log_failure(const HealthRequest& request, const HealthResponse& response) {
    if (log_ == nullptr) return;
    const bool must_not_happen = response.status == MHD_HTTP_INTERNAL_SERVER_ERROR;
    const ProbeFailure failure = response.failure.value_or(ProbeFailure{ErrorCode::internal, {}});
    const std::array<LogField, 5> fields{
        {{"request", std::string(request.id)},
         {"endpoint", std::string(to_string(request.endpoint))},
         {"status", std::to_string(response.status)},
         {"code", response.failure ? std::string(findme::to_string(failure.code)) : "not_ready"},
         {"sqlstate", failure.sqlstate}}};
    log_->write(must_not_happen ? LogLevel::error : LogLevel::info, "health_request_failed",
                std::span(fields).first(failure.sqlstate.empty() ? 4 : 5));
}

std::string HealthServer::State::next_id() {
    constexpr int kHex = 16;
    std::array<char, 32> digits{};
    char* end = std::to_chars(digits.data(), digits.data() + digits.size(), id_prefix_, kHex).ptr;
    *end++ = '-';
    end = std::to_chars(end, digits.data() + digits.size(), ++requests_, kHex).ptr;
    return {digits.data(), end};
}

HealthServer::HealthServer(std::unique_ptr<ListenSocket> socket, ServerLimits limits, Answer answer,
                           std::shared_ptr<Metrics> metrics, Log* log, base::Monotonic clock)
    : state_(std::make_unique<State>(std::move(socket), limits, std::move(answer), std::move(metrics), log,
                                     std::move(clock))) {}

HealthServer::~HealthServer() = default;

std::string HealthServer::address() const {
    return state_->socket().name();
}

std::size_t HealthServer::connections() const {
    return state_->connections();
}

bool HealthServer::answers() const {
    const base::FileDescriptor caller(state_->socket().connect());
    if (!caller.ok()) return false;
    std::array<char, 16> begin{};
    const bool asked =
        send_all(caller.get(), "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const ssize_t got = asked ? ::recv(caller.get(), begin.data(), begin.size(), MSG_WAITALL) : -1;
    if (got == std::ssize(begin))
        return std::string_view(begin.data(), begin.size()).starts_with("HTTP/1.1 200 ");
    // Who turns callers away at the door because the house is full is alive; a restart would let in as many
    // again.
    const bool turned_away = got == 0 || (got < 0 && (errno == ECONNRESET || errno == EPIPE));
    return turned_away && state_->is_full();
}

void HealthServer::drain(std::chrono::milliseconds patience) {
    state_->drain(patience);
}

}  // namespace findme::ops
