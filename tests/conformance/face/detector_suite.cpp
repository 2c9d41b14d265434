// What every detector does, whatever its network: each one there is goes through the same cases.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/file.hpp"
#include "config/model_manifest.hpp"
#include "face/detector_kind.hpp"
#include "face/face_analyser.hpp"
#include "face/model_files.hpp"
#include "support/make_image.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;
using namespace findme::testing;

namespace {

std::vector<std::uint8_t> read(const std::string& path) {
    return base::read_file(path, std::size_t{1} << 28U).value();
}

Image load(const std::string& path) {
    return decode_image(read(path), {}, {kEnoughLongSide_px}).value().image;
}

/// The detectors there are, each at the precision that findme takes on this machine; null where a file is
/// missing, and the test is a skip.
struct Rfb {
    static std::unique_ptr<Detector> make() {
        const auto folder = model_folder();
        if (!folder) return nullptr;
        const auto manifest = config::parse_manifest(config::embedded_manifest_yaml());
        return make_detector("rfb", load_model(manifest, "detector", {*folder}), best_precision());
    }
};
struct YuNet {
    static std::unique_ptr<Detector> make() {
        const auto file = evaluation_model("yunet_n_320_320.onnx");
        return file ? make_detector("yunet", read(*file), best_precision()) : nullptr;
    }
};

bool same(const std::vector<Detection>& a, const std::vector<Detection>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Detection& p, const Detection& q) {
        return p.score == q.score && p.box.x == q.box.x && p.box.y == q.box.y && p.box.width == q.box.width &&
               p.box.height == q.box.height;
    });
}

const std::vector<std::pair<int, int>> kShapes{{640, 480}, {1, 1},   {2, 1},   {3, 3},   {31, 33},
                                               {640, 1},   {1, 640}, {3, 400}, {400, 3}, {2048, 16}};

Image make_noise(int width_px, int height_px) {
    Image image = make_picture(width_px, height_px);
    std::mt19937 random(7);
    for (auto& value : image.pixels) value = static_cast<std::uint8_t>(random() % 256);
    return image;
}

/// Boxes that mean something: a middle on the picture, a size that is one, the best first, no face twice.
void check_sense(const std::vector<Detection>& found) {
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto& [box, score] = found[i];
        INFO(box.x << " " << box.y << " " << box.width << " " << box.height << " " << score);
        CHECK(box.width > 0);
        CHECK(box.height > 0);
        CHECK(holds({0, 0, 1, 1}, {box.x + box.width / 2, box.y + box.height / 2}));
        CHECK(score > 0);
        CHECK(score <= 1);
        if (i > 0) CHECK(score <= found[i - 1].score);
        for (std::size_t j = 0; j < i; ++j) CHECK(overlap(box, found[j].box) < 0.5F);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("detector: every face of the sample photos is found, once, and little else",
                   "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    const auto samples = sample_folder();
    if (!samples) return;
    Workspace workspace;
    std::size_t boxes = 0;
    std::size_t faces = 0;
    for (std::size_t i = 0; i < sample_faces().size(); ++i) {
        INFO("sample" << i + 1);
        const auto found = detector->detect(load(sample_files(*samples)[i]), workspace);
        check_sense(found);
        boxes += found.size();
        for (const Point& face : sample_faces()[i]) {
            ++faces;
            CHECK(std::count_if(found.begin(), found.end(),
                                [&](const Detection& d) { return holds(d.box, face); }) == 1);
        }
    }
    // The lowest score that is kept was chosen for recall: a hand or a lamp now and then costs nobody a
    // photo.
    CHECK(boxes <= faces + 6);
}

TEMPLATE_TEST_CASE("detector: nobody is found on smooth pictures, of any shape, down to one pixel",
                   "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    Workspace workspace;
    for (const auto& [width, height] : kShapes) {
        INFO(width << "x" << height);
        CHECK(detector->detect(make_picture(width, height), workspace).empty());
    }
}

TEMPLATE_TEST_CASE("detector: noise of any shape is looked at, and what is found makes sense",
                   "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    Workspace workspace;
    for (const auto& [width, height] : kShapes) {
        INFO(width << "x" << height);
        check_sense(detector->detect(make_noise(width, height), workspace));
    }
}

TEMPLATE_TEST_CASE("detector: the same picture gives the same boxes, whatever the workspace held before",
                   "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    const auto samples = sample_folder();
    if (!samples) return;
    const Image image = load(sample_files(*samples)[0]);
    Workspace used;
    const auto first = detector->detect(image, used);
    CHECK_FALSE(first.empty());
    static_cast<void>(detector->detect(make_noise(333, 222), used));
    CHECK(same(detector->detect(image, used), first));
    Workspace fresh;
    CHECK(same(detector->detect(image, fresh), first));
}

TEMPLATE_TEST_CASE("detector: several threads find what one finds", "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    const auto samples = sample_folder();
    if (!samples) return;
    std::vector<Image> images;
    std::vector<std::vector<Detection>> alone;
    Workspace workspace;
    for (const std::string& file : sample_files(*samples)) {
        images.push_back(load(file));
        alone.push_back(detector->detect(images.back(), workspace));
    }
    std::vector<std::vector<Detection>> together(images.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < images.size(); ++i) {
        threads.emplace_back([&, i] {
            Workspace own;
            together[i] = detector->detect(images[i], own);
        });
    }
    for (auto& thread : threads) thread.join();
    for (std::size_t i = 0; i < images.size(); ++i) {
        INFO("sample" << i + 1);
        CHECK(same(together[i], alone[i]));
    }
}

TEMPLATE_TEST_CASE("detector: a mirrored photo has the same faces, mirrored", "[face][model]", Rfb, YuNet) {
    const auto detector = TestType::make();
    if (detector == nullptr) return;
    const auto samples = sample_folder();
    if (!samples) return;
    Workspace workspace;
    Image image = load(sample_files(*samples)[1]);
    for (int y = 0; y < image.height_px; ++y) {
        std::uint8_t* row = image.pixels.data() + static_cast<std::ptrdiff_t>(y) * image.width_px * 3;
        for (int left = 0, right = image.width_px - 1; left < right; ++left, --right) {
            std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
        }
    }
    const auto found = detector->detect(image, workspace);
    for (const Point& face : sample_faces()[1]) {
        CHECK(std::any_of(found.begin(), found.end(), [&](const Detection& d) {
            return holds(d.box, {1 - face.x, face.y});
        }));
    }
}
