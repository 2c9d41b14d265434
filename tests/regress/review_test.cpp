// Defects found by review, each with its story.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>

#include "findme/findme.hpp"
#include "support/resources.hpp"

namespace fs = std::filesystem;
using namespace findme;

namespace {

/// A folder with two of the sample photos, and a Findme beside it.
class Party {
  public:
    Party(const std::string& models, const std::string& samples) {
        std::string folder = (fs::temp_directory_path() / "findme-review-XXXXXX").string();
        REQUIRE(mkdtemp(folder.data()) != nullptr);
        folder_ = folder;
        fs::create_directory(photo(""));
        fs::copy_file(samples + "/sample1.jpg", photo("a.jpg"));
        fs::copy_file(samples + "/sample2.jpg", photo("b.jpg"));
        Config config;
        config.models_dir = models;
        findme = std::make_unique<Findme>(config, folder_);
        event = findme->events().create({"party", "PARTY", std::nullopt, 365});
    }
    Party(const Party&) = delete;
    Party& operator=(const Party&) = delete;
    ~Party() {
        findme.reset();
        fs::remove_all(folder_);
    }

    [[nodiscard]] std::string photo(const std::string& name) const { return folder_ + "/photos/" + name; }

    IndexSummary index(int jobs) {
        IndexObserver silent;
        IndexRequest request;
        request.event = event;
        request.paths = {folder_ + "/photos"};
        request.jobs = jobs;
        return findme->index(request, silent);
    }

    std::unique_ptr<Findme> findme;
    Event event;

  private:
    std::string folder_;
};

}  // namespace

// The path that moved took the last path of the other photo, whose faces went; the other file then failed,
// because its photo was "forgotten meanwhile".
TEST_CASE("index: two files that swap their names keep their faces", "[regress][model]") {
    const auto models = testing::model_folder();
    const auto samples = testing::sample_folder();
    if (!models || !samples) return;
    for (const int jobs : {1, 4}) {
        Party party(*models, *samples);
        REQUIRE(party.index(jobs).indexed == 2);
        const auto a = party.findme->photos().find(party.event.id, party.photo("a.jpg"));
        const auto b = party.findme->photos().find(party.event.id, party.photo("b.jpg"));

        fs::rename(party.photo("a.jpg"), party.photo("c.jpg"));
        fs::rename(party.photo("b.jpg"), party.photo("a.jpg"));
        fs::rename(party.photo("c.jpg"), party.photo("b.jpg"));
        const auto summary = party.index(jobs);
        CHECK(summary.failed == 0);
        const auto now_a = party.findme->photos().find(party.event.id, party.photo("a.jpg"));
        const auto now_b = party.findme->photos().find(party.event.id, party.photo("b.jpg"));
        CHECK(now_a.hash == b.hash);
        CHECK(now_b.hash == a.hash);
        CHECK(now_a.face_count == b.face_count);
        CHECK(now_b.face_count == a.face_count);
        CHECK(party.findme->photos().list(party.event.id, {}, 0).size() == 2);
    }
}

// Every comparison with a NaN is false: the search handed out every photo of the event.
TEST_CASE("match: a least score that is no number from 0 to 100 is refused", "[regress][model]") {
    const auto models = testing::model_folder();
    const auto samples = testing::sample_folder();
    if (!models || !samples) return;
    Party party(*models, *samples);
    for (const double score : {std::nan(""), -1.0, 100.5, std::numeric_limits<double>::infinity()}) {
        try {
            static_cast<void>(party.findme->match({party.event, {party.photo("a.jpg")}, score, 0}));
            FAIL("no error was thrown");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::invalid_argument);
        }
    }
}

// Its expiry had a year of five digits, which nothing could read again: no event could be listed any more.
TEST_CASE("event: a date whose retention would end past the year 9999 is refused", "[regress][model]") {
    const auto models = testing::model_folder();
    const auto samples = testing::sample_folder();
    if (!models || !samples) return;
    Party party(*models, *samples);
    CHECK_THROWS_AS(
        party.findme->events().create({"late", "LATE", date_from_iso8601("9999-12-31").value(), 365}), Error);
    CHECK(party.findme->events().list().size() == 1);
}

// `--sheet *.jpg` made the first photo the target; and a photo overwritten since it was indexed was shown
// with another person's frame.
TEST_CASE("contact sheet: no photo is overwritten, and none that has changed is shown", "[regress][model]") {
    const auto models = testing::model_folder();
    const auto samples = testing::sample_folder();
    if (!models || !samples) return;
    Party party(*models, *samples);
    REQUIRE(party.index(1).indexed == 2);
    MatchReport report;
    const auto photo = party.findme->photos().find(party.event.id, party.photo("a.jpg"));
    report.matches.push_back({photo, party.findme->photos().faces(photo.id).front(), 0.3, 90});

    const auto bytes_before = fs::file_size(party.photo("a.jpg"));
    OutputFileRequest over_photo{party.photo("a.jpg"), "contact sheet", IfExists::replace};
    CHECK_THROWS_AS(party.findme->output_file(over_photo), Error);
    CHECK(fs::file_size(party.photo("a.jpg")) == bytes_before);

    fs::copy_file(party.photo("b.jpg"), party.photo("a.jpg"), fs::copy_options::overwrite_existing);
    const auto sheet = party.findme->draw_contact_sheet(
        report, party.findme->output_file({party.photo("sheet.jpg"), "contact sheet"}));
    CHECK(sheet.tiles == 0);
    REQUIRE(sheet.failed.size() == 1);
    CHECK(sheet.failed.front().message.find("has changed") != std::string::npos);
    CHECK_FALSE(fs::exists(party.photo("sheet.jpg")));
}

// An application keeps its copy of an event for weeks, and its retention is shortened meanwhile.
TEST_CASE("match: the event's retention as it is now counts, not the caller's copy", "[regress][model]") {
    const auto models = testing::model_folder();
    const auto samples = testing::sample_folder();
    if (!models || !samples) return;
    Party party(*models, *samples);
    Event stale = party.findme->events().create({"over", "OVER", date_from_iso8601("2020-01-01").value(), 1});
    stale.expires_at = Timestamp::max();
    try {
        static_cast<void>(party.findme->match({stale, {party.photo("a.jpg")}, std::nullopt, 0}));
        FAIL("no error was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::retention_expired);
    }
}
