// Photos and templates: what was indexed against what is there.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>

#include "base/file.hpp"
#include "base/text.hpp"
#include "findme/face.hpp"
#include "ops/doctor_data.hpp"
#include "ops/doctor_mend.hpp"
#include "store/doctor_repository.hpp"

namespace findme::ops {
namespace {

constexpr std::int64_t kMostLooks = 100'000;  ///< Files asked for, templates read.
constexpr std::int64_t kPage = 5000;
constexpr std::chrono::hours kLeftOver{1};
constexpr std::size_t kNamed = 3;

/// Things of one kind that were found: how many, and the first few.
struct Tally {
    std::int64_t count = 0;
    std::string first;

    void add(const std::string& name) {
        if (count++ < static_cast<std::int64_t>(kNamed)) first += (first.empty() ? "" : ", ") + name;
    }
    [[nodiscard]] std::string text() const {
        const auto more = count - static_cast<std::int64_t>(kNamed);
        return first + (more > 0 ? " and " + std::to_string(more) + " more" : "");
    }
};

bool is_finite(std::span<const std::uint8_t> bytes) {
    Template floats(bytes.size() / sizeof(float));
    std::memcpy(floats.data(), bytes.data(), bytes.size());
    return std::all_of(floats.begin(), floats.end(), [](float value) { return std::isfinite(value); });
}

/// How long those of other models are, this findme does not know.
bool has_right_length(const Rows& rows, const store::KeptTemplate& kept) {
    if (kept.model == rows.model) return kept.bytes.size() == rows.template_size * sizeof(float);
    return !kept.bytes.empty() && kept.bytes.size() % sizeof(float) == 0;
}

struct TemplateTally {
    std::int64_t read = 0;
    Tally wrong_length;
    Tally not_finite;
};

TemplateTally read_templates(const Rows& rows, store::TemplatesOf which) {
    TemplateTally tally;
    std::int64_t after = std::numeric_limits<std::int64_t>::min();
    for (std::int64_t page = kPage; page == kPage && tally.read < kMostLooks; tally.read += page) {
        page = 0;
        store::for_each_template(rows.connection, which, after, kPage, [&](const store::KeptTemplate& kept) {
            after = kept.id;
            ++page;
            if (!has_right_length(rows, kept)) {
                tally.wrong_length.add(std::to_string(kept.id));
            } else if (!is_finite(kept.bytes)) {
                tally.not_finite.add(std::to_string(kept.id));
            }
        });
    }
    return tally;
}

void judge_templates(CheckRun& run, const TemplateTally& tally, const std::string& owner,
                     const std::string& remedy) {
    const auto report = [&](const Tally& bad, std::string_view name, const std::string& what) {
        if (bad.count == 0) return;
        run.add(Severity::error, ErrorCode::store_corrupt, name,
                counted(bad.count, "template") + " " + what + ": " + owner + " " + bad.text(), remedy);
    };
    report(tally.wrong_length, "wrong_length", "of the wrong length");
    report(tally.not_finite, "not_a_number", "with values that are no numbers");
}

struct FileTally {
    std::int64_t looked = 0;
    Tally missing;
    Tally unreadable;
    Tally changed;
};

FileTally look_at_files(const Rows& rows) {
    FileTally tally;
    std::int64_t after = 0;
    for (bool more = true; more && tally.looked < kMostLooks;) {
        const auto page = store::list_paths(rows.connection, after, kPage);
        more = std::ssize(page) == kPage;
        for (const store::IndexedPath& indexed : page) {
            after = indexed.id;
            ++tally.looked;
            const auto there = base::stat_regular_file(indexed.path);
            if (!there) {
                // Only what is surely not there: a disk that does not answer, or a folder that this user may
                // not look into, takes nothing away.
                std::error_code error;
                const auto kind = std::filesystem::symlink_status(indexed.path, error).type();
                const bool is_gone = kind == std::filesystem::file_type::not_found;
                (is_gone ? tally.missing : tally.unreadable).add(base::quoted(indexed.path));
            } else if (there->size_bytes != indexed.size_bytes) {
                tally.changed.add(base::quoted(indexed.path));
            }
        }
    }
    return tally;
}

void check_files(CheckRun& run, const Rows& rows) {
    const FileTally files = look_at_files(rows);
    run.see(counted(files.looked, "file") + " looked at" +
            (files.looked >= kMostLooks ? ", which is the most this check asks for" : ""));
    if (files.missing.count > 0) {
        run.add(Severity::warning, ErrorCode::file_unreadable, "file_missing",
                counted(files.missing.count, "indexed file") + " not there any more: " + files.missing.text(),
                "bring the files back (or mount their disk), or let go of them with `findme photo forget`");
    }
    if (files.unreadable.count > 0) {
        run.add(Severity::warning, ErrorCode::file_unreadable, "file_unreadable",
                counted(files.unreadable.count, "indexed file") +
                    " cannot be looked at by this user: " + files.unreadable.text(),
                "let the user who runs this read the folder, or run it as one who may");
    }
    if (files.changed.count > 0) {
        run.add(Severity::warning, ErrorCode::file_unreadable, "file_changed",
                counted(files.changed.count, "file") +
                    " of another size than when indexed: " + files.changed.text(),
                "run `findme index` on their folder again");
    }
}

}  // namespace

void check_templates(CheckRun& run, const Rows& rows) {
    for (const auto& found : store::faces_of_other_models(rows.connection, rows.model)) {
        run.add(Severity::warning, ErrorCode::not_found, "other_model",
                counted(found.count, "face") + " of event " + std::to_string(found.event) +
                    (found.count == 1 ? " is" : " are") + " of the model " + base::quoted(found.model) +
                    ": this findme does not compare them",
                "run `findme index --reindex` on the event's photos");
    }
    for (const auto& found : store::selfies_of_other_models(rows.connection, rows.model)) {
        run.add(Severity::warning, ErrorCode::not_found, "selfie_of_other_model",
                counted(found.count, "selfie") + (found.count == 1 ? " is" : " are") + " of the model " +
                    base::quoted(found.model) + ": nobody is found by " + (found.count == 1 ? "it" : "them"),
                "ask the guests for new selfies (`findme user selfie add`)");
    }
    const TemplateTally faces = read_templates(rows, store::TemplatesOf::faces);
    const TemplateTally selfies = read_templates(rows, store::TemplatesOf::selfies);
    judge_templates(run, faces, "face", "run `findme index --reindex` on the photos of these faces");
    judge_templates(run, selfies, "selfie",
                    "remove the selfies with `findme user selfie remove` and ask for new ones");
    run.see(counted(faces.read, "face") + " and " + counted(selfies.read, "selfie") + " read" +
            (std::max(faces.read, selfies.read) >= kMostLooks ? ", which is the most this check reads" : ""));
}

void check_photos(CheckRun& run, const Rows& rows) {
    check_files(run, rows);
    const Timestamp before = rows.connection.now() - kLeftOver;
    const std::int64_t left = store::count_unfinished_photos(rows.connection, before);
    if (left > 0) {
        run.add(Severity::warning, ErrorCode::cancelled, "unfinished",
                counted(left, "photo") + " in work for more than an hour: whoever worked on " +
                    (left == 1 ? "it" : "them") + " was probably killed",
                "`findme doctor --fix` puts them back to PENDING", [&] {
                    mend_rows(rows.connection, "photos.unfinished", [&](db::Connection& connection) {
                        return store::put_back_unfinished_photos(connection, before);
                    });
                });
    }
    const std::int64_t failed = store::count_failed_photos(rows.connection);
    if (failed > 0) {
        run.add(Severity::note, ErrorCode::image_malformed, "failed",
                counted(failed, "photo") + " could not be indexed", "`findme photo list --failed` says why");
    }
}

}  // namespace findme::ops
