#include "config/model_manifest.hpp"

#include <algorithm>
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

TEST_CASE("manifest: every recogniser is made of networks that there are, and has distances in order",
          "[config]") {
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    std::set<std::string> ids;
    for (const auto& recogniser : manifest.recognisers) {
        INFO(recogniser.id);
        CHECK(ids.insert(recogniser.id).second);
        CHECK_FALSE(recogniser.networks.empty());
        for (const auto& network : recogniser.networks) {
            CHECK(network.weight > 0);
            CHECK(std::count_if(manifest.files.begin(), manifest.files.end(), [&](const ModelFile& file) {
                      return file.id == network.file && file.job == "recognition" && !file.kind.empty();
                  }) == 1);
        }
        const auto& calibration = recogniser.calibration;
        CHECK(calibration.template_size > 0);
        CHECK(calibration.same_distance > 0);
        CHECK(calibration.same_distance < calibration.threshold_distance);
        CHECK(calibration.threshold_distance < calibration.stranger_distance);
    }
    REQUIRE_FALSE(manifest.recognisers.empty());
    CHECK(manifest.calibration.template_size == manifest.recognisers.front().calibration.template_size);
}

TEST_CASE("manifest: every kind of detector has a box", "[config]") {
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    std::set<std::string> kinds;
    for (const auto& detector : manifest.detectors) {
        INFO(detector.kind);
        kinds.insert(detector.kind);
        CHECK(detector.box_side > 0);
    }
    CHECK(kinds == std::set<std::string>{"rfb", "yunet"});
}

// Databases hold this name with every template: under another one all photos would have to be indexed again.
TEST_CASE("manifest: templates keep the name that names what made them", "[config]") {
    const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
    CHECK(manifest.calibration.model == "dlib-resnet-v1+mirror+rfb-320");
    ModelFile other;
    other.id = "yunet-123";
    other.kind = "yunet";
    CHECK(calibration_of(manifest, other).model == "dlib-resnet-v1+mirror+yunet-123");
    other.kind = "unheard-of";
    CHECK_THROWS_AS(calibration_of(manifest, other), Error);
}

TEST_CASE("manifest: what is not one is refused", "[config]") {
    for (const std::string bad :
         {"", "files: 3", "files: [{id: a}]", "detectors: {}", "{", "recognisers: [1]"}) {
        INFO(bad);
        CHECK_THROWS_AS(config::parse_manifest(bad), Error);
    }
}
