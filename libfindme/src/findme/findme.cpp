#include "findme/findme.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "access/parts.hpp"
#include "base/text.hpp"
#include "config/model_manifest.hpp"
#include "db/connection.hpp"
#include "db/retry.hpp"
#include "deliver/contact_sheet.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "findme/open_store.hpp"
#include "findme/originals.hpp"
#include "image/codec.hpp"
#include "ingest/indexer.hpp"
#include "match/event_matcher.hpp"
#include "match/matcher.hpp"
#include "match/selfie.hpp"
#include "store/schema.hpp"
#include "store/selfie_repository.hpp"

namespace findme {
namespace {

/// Waits for a migration that is at work on the same new file; when that took the file over, it is not empty
/// any more.
void make_schema_of_new(db::Connection& connection) {
    constexpr std::chrono::milliseconds kPoll{20};
    std::unique_ptr<db::NamedLock> lock;
    while (store::is_empty(connection)) {
        lock = connection.try_lock(store::kMigrationLock);
        if (lock) return store::initialise_schema(connection);
        std::this_thread::sleep_for(kPoll);
    }
}

std::shared_ptr<db::Database> open_store(const Config& config, const std::string& data_dir,
                                         const Services& services) {
    const bool may_make = services.missing_database == MissingDatabase::make;
    db::OpenOptions options = open_options_of(config);
    options.if_missing = may_make ? db::IfMissing::create : db::IfMissing::refuse;
    if (may_make) make_data_dir(config, data_dir);
    std::shared_ptr<db::Database> database = db::open_database(database_url_of(config, data_dir), options);
    database->report_to(services.log);
    const auto connection = database->connect();
    // The embedded database serves one person, who need not know of schemas; a server's schema is changed by
    // those whose job it is.
    if (may_make && database->dialect() == db::Dialect::sqlite) make_schema_of_new(*connection);
    store::require_current_schema(*connection);
    return database;
}

void require_shareable(const IndexRequest& request, const db::Database& database) {
    if (!request.shared) return;
    if (database.dialect() == db::Dialect::sqlite)
        throw Error(ErrorCode::invalid_argument,
                    "sharing the work on an event needs a PostgreSQL database: an embedded one serves one "
                    "machine, whose cores a plain run uses all");
    if (request.reindex || request.dry_run || request.more_paths || request.paths.empty())
        throw Error(ErrorCode::invalid_argument,
                    "only what is new in folders can be shared: name one or more, and nothing else");
}

}  // namespace

struct Findme::State {
    Config config;
    std::string data_dir;
    Services services;
    const Clock& clock;
    ModelManifest manifest;  ///< With the detector in use.
    std::shared_ptr<db::Database> database;
    std::once_flag models_loaded;
    std::unique_ptr<face::FaceAnalyser> loaded_analyser;
    std::shared_ptr<const access::Parts> parts;
    Accounts accounts;
    Audit audit;
    Events events;
    Photos photos;
    Queue queue;
    Tokens tokens;

    State(Config config_in, std::string data_dir_in, Services services_in)
        : config(std::move(config_in)),
          data_dir(std::move(data_dir_in)),
          services(std::move(services_in)),
          clock(services.clock != nullptr ? *services.clock : system_clock()),
          manifest(models_in_use(config, data_dir)),
          database(open_store(config, data_dir, services)),
          parts(std::make_shared<const access::Parts>(access::Parts{
              database, clock, services.log, services.actor,
              match::make_selfie_judge([this]() -> const face::FaceAnalyser& { return analyser(); }, config,
                                       manifest.calibration),
              match::make_event_matcher(manifest.calibration, config.match_min_score, clock)})),
          accounts(parts),
          audit(database),
          events(parts),
          photos(parts),
          queue(database, parts->actor),
          tokens(parts) {}

    /// Models take their time to load: commands that do not need them do not pay for it.
    const face::FaceAnalyser& analyser() {
        std::call_once(models_loaded, [&] {
            const std::string cache_dir = data_dir.empty() ? std::string() : data_dir + "/cache";
            loaded_analyser =
                face::load_face_analyser(manifest, model_folders(config, data_dir),
                                         face::precision_of(config.models_precision), cache_dir);
        });
        return *loaded_analyser;
    }
};

Findme::Findme(Config config, std::string data_dir, Services services)
    : state_(std::make_unique<State>(std::move(config), std::move(data_dir), std::move(services))) {}

Findme::~Findme() = default;

Queue& Findme::queue() {
    return state_->queue;
}
Accounts& Findme::accounts() {
    return state_->accounts;
}
Audit& Findme::audit() {
    return state_->audit;
}
Events& Findme::events() {
    return state_->events;
}
Photos& Findme::photos() {
    return state_->photos;
}
Tokens& Findme::tokens() {
    return state_->tokens;
}

IndexSummary Findme::index(const IndexRequest& request, IndexObserver& observer) {
    // As it is now: the caller's copy may be old, and retention may have been shortened since.
    state_->events.require_searchable(state_->events.find(request.event.id));
    require_shareable(request, *state_->database);
    if (!request.dry_run) image::require_decoders();
    const face::FaceAnalyser* analyser = request.dry_run ? nullptr : &state_->analyser();
    IndexSummary summary = ingest::index_photos(
        request,
        {*state_->database, analyser, state_->clock, state_->config, state_->manifest.calibration.model},
        observer);
    // Also those that an earlier run left when it was killed before this.
    while (!request.dry_run && !summary.cancelled) {
        if (request.stop.stop_requested()) {
            summary.cancelled = true;
            break;
        }
        const auto matched = db::fetch_retrying(
            *state_->database,
            [&](db::Connection& connection) {
                return state_->parts->event_matcher->match_new(connection, request.event.id);
            },
            db::IfInDoubt::repeat);
        if (matched == 0) break;
    }
    if (!request.dry_run) {
        summary.guests_left_out = db::fetch_retrying(*state_->database, [&](db::Connection& connection) {
            return store::SelfieRepository(connection)
                .count_guests_without(request.event.id, state_->manifest.calibration.model);
        });
    }
    return summary;
}

MatchReport Findme::match(const MatchRequest& request) {
    state_->events.require_searchable(state_->events.find(request.event.id));
    return match::find_person(
        request, {*state_->database, state_->analyser(), state_->config, state_->manifest.calibration});
}

OutputFile Findme::output_file(OutputFileRequest request) {
    const std::string embedded = embedded_file_of(database_url_of(state_->config, state_->data_dir));
    if (!embedded.empty()) {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"})
            request.inputs.push_back(embedded + suffix);
    }
    const auto folders = model_folders(state_->config, state_->data_dir);
    for (const ModelFile& model : state_->manifest.files) {
        if (auto path = face::model_path(model, folders); !path.empty())
            request.inputs.push_back(std::move(path));
    }
    request.require_allowed = [database = state_->database, what = request.what,
                               also = std::move(request.require_allowed)](const std::string& path) {
        if (also) also(path);
        require_no_original(*database, what, path);
    };
    return OutputFile(std::move(request));
}

ContactSheetReport Findme::draw_contact_sheet(const MatchReport& report, const OutputFile& file,
                                              const ContactSheetRequest& request) {
    return deliver::draw_contact_sheet(report, file, request, state_->config.image);
}

RunLock Findme::lock_run(const RunLockRequest& request) {
    return {state_->config, state_->data_dir, request, state_->services.log};
}

}  // namespace findme
