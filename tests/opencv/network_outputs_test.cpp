// Both detectors' raw outputs against another engine's on real photos. OpenCV's dnn is linked to this program
// alone.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "face/network.hpp"
#include "face/onnx_reader.hpp"
#include "findme/image.hpp"
#include "image/resample.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::face;

namespace {

constexpr std::size_t kPhotos = 200;
constexpr double kMostDifference = 1e-3;

struct Size {
    int width;
    int height;
};

/// The first photos of the set's list, as many as are wanted.
std::vector<std::string> photos_of(const std::string& folder) {
    std::vector<std::string> photos;
    std::ifstream list(folder + "/ground_truth.txt");
    for (std::string line; photos.size() < kPhotos && std::getline(list, line);) {
        if (line.ends_with(".jpg")) photos.push_back(folder + "/images/" + line);
    }
    return photos;
}

/// A photo as a network wants it, channel after channel for OpenCV and pixel after pixel for findme.
struct Input {
    cv::Mat planes;
    std::vector<float> pixels;
};

Input make_input(const std::string& path, const Size& size,
                 const std::function<float(const std::uint8_t*, int)>& channel_of) {
    const auto bytes = base::read_file(path, std::size_t{1} << 28U).value();
    const Image photo = image::resize_area(decode_image(bytes, {}).value().image, size.width, size.height);
    const std::vector<int> dims{1, 3, size.height, size.width};
    Input input{cv::Mat(dims, CV_32F), {}};
    auto* planes = input.planes.ptr<float>();
    const auto plane = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
    for (std::size_t i = 0; i < plane; ++i) {
        for (int c = 0; c < 3; ++c) {
            const float value = channel_of(photo.pixels.data() + i * 3, c);
            input.pixels.push_back(value);
            planes[static_cast<std::size_t>(c) * plane + i] = value;
        }
    }
    return input;
}

/// Every output of the graph, in its order, elements as B x H x W x C.
std::vector<std::vector<float>> run(const Network& network, std::size_t outputs,
                                    const std::vector<float>& input) {
    std::vector<std::vector<float>> heads(outputs);
    std::vector<std::span<float>> spans;
    for (std::size_t i = 0; i < outputs; ++i) {
        heads[i].resize(network.output_shape(i).size());
        spans.emplace_back(heads[i]);
    }
    Workspace workspace;
    network.write_input(0, input, workspace);
    network.run(spans, workspace);
    return heads;
}

/// The greatest difference; that of another length, or of what is no number, is infinite.
double difference(const cv::Mat& theirs, const std::vector<float>& ours) {
    if (theirs.total() != ours.size() || ours.empty()) return HUGE_VAL;
    double most = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const double apart = std::abs(static_cast<double>(theirs.ptr<float>()[i]) - ours[i]);
        most = std::isfinite(apart) ? std::max(most, apart) : HUGE_VAL;
    }
    return most;
}

/// OpenCV gives layers names of its own that end in those of the file.
std::string layer_named(const cv::dnn::Net& net, const std::string& name) {
    for (const std::string& layer : net.getLayerNames()) {
        if (layer.ends_with("!" + name) || layer == name) return layer;
    }
    FAIL("the network has no layer " << name);
    return {};
}

float sigmoid(float value) {
    return 1.0F / (1.0F + std::exp(-value));
}

}  // namespace

TEST_CASE("outputs: RFB's scores and offsets are OpenCV's within 1e-3 on 200 photos", "[opencv][model]") {
    const auto models = testing::model_folder();
    const auto data = testing::evaluation_folder("wider");
    if (!models || !data) return;
    const std::string file = *models + "/fr_detect.onnx";
    cv::dnn::Net net = cv::dnn::readNetFromONNX(file);
    const std::vector<std::string> names{"scores", layer_named(net, "Concat_150")};
    const Graph graph = read_onnx(base::read_file(file, std::size_t{1} << 28U).value());
    const Size size{320, 240};  // The one that the file's own tail is made for.
    const auto network = compile(graph, 1, size.height, size.width, Precision::f32);

    const auto photos = photos_of(*data);
    REQUIRE(photos.size() == kPhotos);
    double scores_apart = 0;
    double offsets_apart = 0;
    for (const std::string& photo : photos) {
        INFO(photo);
        const Input input = make_input(photo, size, [](const std::uint8_t* pixel, int c) {
            return (static_cast<float>(pixel[c]) - 127.0F) / 128.0F;
        });
        const auto heads = run(*network, graph.outputs.size(), input.pixels);
        std::vector<float> scores;
        std::vector<float> offsets;
        for (std::size_t i = 0; i < heads.size(); ++i) {
            if (i % 2 == 1) {
                offsets.insert(offsets.end(), heads[i].begin(), heads[i].end());
                continue;
            }
            for (std::size_t prior = 0; prior + 1 < heads[i].size(); prior += 2) {
                scores.push_back(sigmoid(heads[i][prior] - heads[i][prior + 1]));
                scores.push_back(sigmoid(heads[i][prior + 1] - heads[i][prior]));
            }
        }
        net.setInput(input.planes);
        std::vector<cv::Mat> theirs;
        net.forward(theirs, names);
        scores_apart = std::max(scores_apart, difference(theirs[0], scores));
        offsets_apart = std::max(offsets_apart, difference(theirs[1], offsets));
    }
    std::cout << "RFB, " << kPhotos << " photos: scores differ by at most " << scores_apart << ", offsets by "
              << offsets_apart << std::endl;
    CHECK(scores_apart < kMostDifference);
    CHECK(offsets_apart < kMostDifference);
}

TEST_CASE("outputs: fr_feature's vectors are OpenCV's, cosine at least 0.9999, on 200 pictures",
          "[opencv][model]") {
    const auto models = testing::model_folder();
    const auto data = testing::evaluation_folder("wider");
    if (!models || !data) return;
    const std::string file = *models + "/fr_feature.onnx";
    cv::dnn::Net net = cv::dnn::readNetFromONNX(file);
    const Graph graph = read_onnx(base::read_file(file, std::size_t{1} << 28U).value(), OnnxEnd::outputs);
    const Size size{112, 112};
    const auto network = compile(graph, 1, size.height, size.width, Precision::f32);
    const auto photos = photos_of(*data);
    REQUIRE(photos.size() == kPhotos);
    double least = 1;
    for (const std::string& photo : photos) {
        INFO(photo);
        const Input input = make_input(photo, size, [](const std::uint8_t* pixel, int c) {
            return (static_cast<float>(pixel[c]) - 127.0F) / 128.0F;
        });
        const auto ours = run(*network, graph.outputs.size(), input.pixels).at(0);
        net.setInput(input.planes);
        const cv::Mat theirs = net.forward();
        REQUIRE(theirs.total() == ours.size());
        double product = 0;
        double our_squares = 0;
        double their_squares = 0;
        for (std::size_t i = 0; i < ours.size(); ++i) {
            const double their = theirs.ptr<float>()[i];
            product += ours[i] * their;
            our_squares += static_cast<double>(ours[i]) * ours[i];
            their_squares += their * their;
        }
        least = std::min(least, product / std::sqrt(our_squares * their_squares));
    }
    std::cout << "fr_feature, " << kPhotos << " pictures: cosine at least " << least << std::endl;
    CHECK(least >= 0.9999);
}

TEST_CASE("outputs: YuNet's are OpenCV's within 1e-3 on 200 photos", "[opencv][model]") {
    const auto file = testing::evaluation_model("yunet_n_320_320.onnx");
    const auto data = testing::evaluation_folder("wider");
    if (!file || !data) return;
    cv::dnn::Net net = cv::dnn::readNetFromONNX(*file);
    std::vector<std::string> names;
    for (const char* head : {"cls_", "obj_", "bbox_", "kps_"}) {
        for (const char* stride : {"8", "16", "32"}) names.push_back(std::string(head) + stride);
    }
    constexpr std::size_t kScores = 6;  // Of the names: what the file ends in a sigmoid.
    const Graph graph = read_onnx(base::read_file(*file, std::size_t{1} << 28U).value());
    REQUIRE(graph.outputs.size() == names.size());
    const Size size{640, 480};
    const auto network = compile(graph, 1, size.height, size.width, Precision::f32);

    const auto photos = photos_of(*data);
    REQUIRE(photos.size() == kPhotos);
    double apart = 0;
    for (const std::string& photo : photos) {
        INFO(photo);
        const Input input = make_input(
            photo, size, [](const std::uint8_t* pixel, int c) { return static_cast<float>(pixel[2 - c]); });
        auto heads = run(*network, graph.outputs.size(), input.pixels);
        net.setInput(input.planes);
        std::vector<cv::Mat> theirs;
        net.forward(theirs, names);
        for (std::size_t i = 0; i < heads.size(); ++i) {
            if (i < kScores) std::transform(heads[i].begin(), heads[i].end(), heads[i].begin(), sigmoid);
            apart = std::max(apart, difference(theirs[i], heads[i]));
        }
    }
    std::cout << "YuNet, " << kPhotos << " photos: outputs differ by at most " << apart << std::endl;
    CHECK(apart < kMostDifference);
}
