#pragma once

#include <memory>
#include <string>
#include <vector>

#include "findme/account.hpp"
#include "findme/audit.hpp"
#include "findme/config.hpp"
#include "findme/event.hpp"
#include "findme/export.hpp"
#include "findme/health.hpp"
#include "findme/ingest.hpp"
#include "findme/log.hpp"
#include "findme/match.hpp"
#include "findme/migrate.hpp"
#include "findme/model.hpp"
#include "findme/output_file.hpp"
#include "findme/photo.hpp"
#include "findme/queue.hpp"
#include "findme/run_lock.hpp"
#include "findme/secret.hpp"
#include "findme/text.hpp"
#include "findme/token.hpp"
#include "findme/version.hpp"

namespace findme {

/// What becomes of an embedded database whose file is not there. A server's is never made.
enum class MissingDatabase { make, refuse };

/// What the host brings.
struct Services {
    const Clock* clock = nullptr;   ///< Null: the system's. Must outlive the Findme.
    Log* log = nullptr;             ///< Null: silence. Must outlive the Findme.
    std::string actor = "library";  ///< Who is at work, for the audit: an id, never a name or an e-mail.
    MissingDatabase missing_database = MissingDatabase::make;
};

/// Models and database, wired: everything findme does begins here. Thread-safe; models are loaded at first
/// need.
class FINDME_API Findme {
  public:
    /// Opens the configured database. An SQLite file that does not exist is made, or refused as the services
    /// say; the schema of one that exists is never changed. Its folder is made too where the configuration
    /// names no database.
    /// @param    data_dir  where database and models are when the configuration does not say; see
    /// user_data_dir.
    /// @errors   throws Error{store_*, schema_outdated, schema_too_new, config_invalid}, Error{not_found} for
    ///           a missing database that is not to be made.
    Findme(Config config, std::string data_dir, Services services = {});
    Findme(const Findme&) = delete;
    Findme& operator=(const Findme&) = delete;
    ~Findme();

    [[nodiscard]] Accounts& accounts();
    [[nodiscard]] Audit& audit();
    [[nodiscard]] Events& events();
    [[nodiscard]] Photos& photos();
    [[nodiscard]] Queue& queue();
    [[nodiscard]] Tokens& tokens();

    /// Brings the faces of photos into an event.
    /// @errors   a bad file is an item of the observer; throws Error{not_found} when a path does not exist,
    ///           Error{invalid_argument} for what cannot be shared, Error{model_*}, Error{store_*}.
    IndexSummary index(const IndexRequest& request, IndexObserver& observer);

    /// index(), and then the same for what comes into the folders until `request.stop` asks to stop: from a
    /// file closed to its matches in less than a second. Now and then the folders are walked again, for what
    /// could not be noticed as it came.
    /// @errors   as index(), and throws Error{invalid_argument} for a request with files, `more_paths`,
    /// `reindex` or
    ///           `dry_run`; Error{not_found} when a folder goes away. A database that is away for a while is
    ///           waited for.
    IndexSummary watch(const IndexRequest& request, IndexObserver& observer);

    /// Finds one person. Selfies are judged one by one; those refused do not count.
    /// @errors   throws Error{retention_expired, retention_undecided, index_outdated, model_*, store_*}; with
    /// no acceptable selfie the report has no matches.
    [[nodiscard]] MatchReport match(const MatchRequest& request);

    /// A file to be written in the end, judged now and as it is written: never an indexed photo of any event,
    /// a model file or the database itself, whatever the request says of
    /// existing files.
    /// @errors   as OutputFile's constructor, and throws Error{invalid_argument, store_*}.
    [[nodiscard]] OutputFile output_file(OutputFileRequest request);

    /// Draws the photos of a report on one JPEG.
    /// @param    file  from output_file(); written whole or not at all.
    /// @errors   as OutputFile::write(), and throws Error{invalid_argument}; a photo that cannot be read is
    ///           counted in the report.
    ContactSheetReport draw_contact_sheet(const MatchReport& report, const OutputFile& file,
                                          const ContactSheetRequest& request = {});

    /// For work of which one run at a time is enough; nothing in this library takes such a lock by itself.
    /// @errors   as RunLock's constructor.
    [[nodiscard]] RunLock lock_run(const RunLockRequest& request);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The models of this release and those that were added, and whether they are there and right; needs no
/// database.
/// @errors throws Error{config_invalid, model_missing} when the configuration chooses no detector that is
/// there.
FINDME_API std::vector<ModelCheck> check_models(const Config& config, const std::string& data_dir);

/// Copies a model file into the models folder: a detector, which is in use from the next Findme on unless the
/// configuration chooses another one, or one of the release's own files. Done twice it does no harm.
///
/// Models are often there before the database is: the audit gets an entry where the configured database
/// exists and has an audit, and none is made for it. One that cannot be asked keeps no model out, and the log
/// says `model_not_in_audit`.
/// @errors throws Error{file_unreadable}, Error{invalid_argument} for a file that findme cannot use,
///         Error{already_exists} when another detector was added before, Error{file_unwritable, store_full}.
FINDME_API ModelCheck add_model(const Config& config, const std::string& data_dir, const std::string& file,
                                const Services& services = {});

/// Removes a detector that was added. What was indexed with it stays, and is found again when it is added
/// again. The audit gets an entry as by add_model().
/// @param  id  as in ModelFile, or at least 8 digits of the SHA-256.
/// @errors throws Error{not_found}, Error{file_unwritable}.
FINDME_API ModelFile remove_model(const Config& config, const std::string& data_dir, const std::string& id,
                                  const Services& services = {});

}  // namespace findme
