#include "findme/health.hpp"

#include <array>
#include <utility>

#include "db/connection.hpp"
#include "face/model_files.hpp"
#include "findme/open_store.hpp"
#include "ops/health_answers.hpp"
#include "ops/health_probe.hpp"
#include "ops/health_server.hpp"
#include "ops/listen_address.hpp"
#include "ops/metrics.hpp"
#include "ops/model_watch.hpp"

namespace findme {
namespace {

/// The first answers are to be true ones, unless they take longer than this.
constexpr std::chrono::seconds kFirstLook{1};
constexpr std::chrono::seconds kModelPause{2};
constexpr std::chrono::milliseconds kStatementTimeout{1000};
constexpr std::chrono::seconds kConnectTimeout{2};

/// One connection, for the probe alone: a busy pool must not make a healthy database look ill.
db::OpenOptions probe_options() {
    db::OpenOptions options;
    options.if_missing = db::IfMissing::refuse;
    options.pool_size = 1;
    options.pool_overflow = 0;
    options.statement_timeout = kStatementTimeout;
    options.connect_timeout = kConnectTimeout;
    options.application_name = "findme health";
    return options;
}

std::unique_ptr<ops::ListenSocket> listen(const std::string& where, Log* log) {
    auto socket = std::make_unique<ops::ListenSocket>(ops::parse_listen_address(where));
    if (!socket->is_local() && log != nullptr) {
        const std::array<LogField, 1> fields{{{"address", socket->name()}}};
        log->write(LogLevel::warning, "health_listens_beyond_this_machine", fields);
    }
    return socket;
}

}  // namespace

class HealthServer::State {
  public:
    State(const Config& config, std::string data_dir, Log* log)
        // First, so that an address in use is told at once.
        : socket_(listen(config.health_listen, log)),
          data_dir_(std::move(data_dir)),
          raw_test_(config.health_db_raw_test),
          models_(
              models_in_use(config, data_dir_).files, model_folders(config, data_dir_),
              [folders = model_folders(config, data_dir_)](const ModelFile& file) {
                  return face::check_model(file, folders);
              },
              kModelPause),
          probe_(
              [url = database_url_of(config, data_dir_)] { return db::open_database(url, probe_options()); },
              {std::chrono::milliseconds{config.health_cache_ms},
               embedded_file_of(database_url_of(config, data_dir_)), config.health_db_raw_test},
              log) {
        const auto deadline = std::chrono::steady_clock::now() + kFirstLook;
        const auto left = [&] {
            return std::chrono::duration_cast<std::chrono::milliseconds>(deadline -
                                                                         std::chrono::steady_clock::now());
        };
        static_cast<void>(probe_.wait(left()));
        static_cast<void>(models_.wait(left()));
        server_ = std::make_unique<ops::HealthServer>(
            std::move(socket_),
            ops::ServerLimits{static_cast<std::size_t>(config.health_max_connections),
                              std::chrono::seconds{config.health_timeout_s}},
            [this](const ops::HealthRequest& request, std::size_t connections) {
                return answer(request, connections);
            },
            metrics_, log);
    }

    [[nodiscard]] ops::HealthServer& server() { return *server_; }

  private:
    ops::HealthResponse answer(const ops::HealthRequest& request, std::size_t connections) const {
        ops::HealthView view;
        view.db_raw_test = raw_test_;
        // Whether this process lives does not depend on anything else.
        if (request.endpoint != ops::Endpoint::livez) {
            view.database = probe_.reading();
            view.models = models_.reading();
        }
        view.metrics = [&] { return metrics_->render(view, connections); };
        return ops::answer(request, view);
    }

    std::unique_ptr<ops::ListenSocket> socket_;
    std::string data_dir_;
    bool raw_test_;
    std::shared_ptr<ops::Metrics> metrics_ = std::make_shared<ops::Metrics>();
    ops::ModelWatch models_;
    ops::HealthProbe probe_;
    std::unique_ptr<ops::HealthServer> server_;  ///< Last: it asks all of them.
};

HealthServer::HealthServer(const Config& config, std::string data_dir, Log* log)
    : state_(std::make_unique<State>(config, std::move(data_dir), log)) {}

HealthServer::~HealthServer() = default;

std::string HealthServer::address() const {
    return state_->server().address();
}

bool HealthServer::answers() const {
    return state_->server().answers();
}

void HealthServer::drain(std::chrono::milliseconds patience) {
    state_->server().drain(patience);
}

}  // namespace findme
