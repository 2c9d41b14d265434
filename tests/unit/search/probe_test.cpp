#include "search/probe.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "findme/error.hpp"

using namespace findme;
using search::Probe;

namespace {

Template filled(float value) {
    return Template(128, value);
}

Template random_template(std::mt19937& random) {
    std::normal_distribution<float> number(0.0F, 0.1F);
    Template result(128);
    for (auto& value : result) value = number(random);
    return result;
}

}  // namespace

TEST_CASE("probe: the distance is Euclidean", "[search]") {
    Template a(128);
    Template b(128);
    CHECK(std::isnan(search::distance(a, b)));
    a[0] = 3;
    CHECK(search::distance(a, a) == 0);
    b[127] = 4;
    CHECK(search::distance(a, b) == Approx(5));
    CHECK(search::distance(b, a) == Approx(5));
}

TEST_CASE("probe: templates of different sizes are not compared", "[search]") {
    const Probe probe({Template(128), Template(128)});
    for (const std::size_t size : {0, 127, 129, 512}) {
        try {
            static_cast<void>(probe.distance_to(Template(size)));
            FAIL_CHECK("no error was thrown for " << size);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::store_corrupt);
        }
    }
}

TEST_CASE("probe: with one reference its distance is that reference's", "[search]") {
    std::mt19937 random(1);
    const Template reference = random_template(random);
    const Template face = random_template(random);
    const Probe probe({reference});
    CHECK(probe.distance_to(face) == Approx(search::distance(reference, face)));
    CHECK(probe.distance_to(reference) == 0);
}

TEST_CASE("probe: with several references it is half the nearest and half the mean", "[search]") {
    const Probe probe({filled(0.0F), filled(0.2F)});
    // sqrt(128 * d^2) from the mean (0.1) and from the nearest reference (0.2 for a face at 0.25).
    const double unit = std::sqrt(128.0);
    CHECK(probe.distance_to(filled(0.25F)) == Approx(unit * (0.05 + 0.15) / 2).epsilon(1e-4));
}

TEST_CASE("probe: the order of the references does not matter", "[search]") {
    std::mt19937 random(2);
    const Template a = random_template(random);
    const Template b = random_template(random);
    const Template c = random_template(random);
    const Template face = random_template(random);
    CHECK(Probe({a, b, c}).distance_to(face) == Approx(Probe({c, a, b}).distance_to(face)).epsilon(1e-6));
}

TEST_CASE("probe: one odd reference among three brings a stranger only half way in", "[search]") {
    const Probe probe({filled(0.0F), filled(0.0F), filled(0.3F)});
    const Template stranger = filled(0.3F);
    CHECK(probe.distance_to(stranger) > search::distance(stranger, filled(0.3F)));
    CHECK(probe.distance_to(stranger) == Approx(std::sqrt(128.0) * 0.2 / 2).epsilon(1e-4));
}
