#include "config/model_manifest.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "findme/error.hpp"
#include "findme/ids.hpp"

using namespace findme;

TEST_CASE("manifest: the embedded one names one file for each job, with hash, licence and exact version",
          "[config]") {
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    std::set<std::string> jobs;
    for (const auto& file : manifest.files) {
        INFO(file.id);
        jobs.insert(file.job);
        CHECK(content_hash_from_hex(file.sha256));
        CHECK_FALSE(file.licence.empty());
        CHECK(file.package.find('@') != std::string::npos);
        CHECK(file.path.rfind("package/", 0) == 0);
        CHECK(file.file.find('/') == std::string::npos);
    }
    CHECK(jobs == std::set<std::string>{"detector", "landmarks", "recognition"});
}

TEST_CASE("manifest: the calibration's distances are in order", "[config]") {
    const auto calibration = config::parse_manifest(config::embedded_manifest_yaml()).calibration;
    CHECK(calibration.same_distance > 0);
    CHECK(calibration.same_distance < calibration.threshold_distance);
    CHECK(calibration.threshold_distance < calibration.stranger_distance);
    CHECK_FALSE(calibration.model.empty());
}

TEST_CASE("manifest: what is not one is refused", "[config]") {
    for (const std::string bad :
         {"", "files: 3", "files: [{id: a}]", "calibration: {}", "{", "files: []\ncalibration: [1]"}) {
        INFO(bad);
        CHECK_THROWS_AS(config::parse_manifest(bad), Error);
    }
}
