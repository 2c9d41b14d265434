// What a C++ programmer builds today instead of taking findme, on one thread: the whole photo decoded by
// OpenCV and shrunk to 1600 px, dlib's HOG detector, its five landmarks, its recognition network. Models
// loaded and warm before the clock starts. Prints one JSON line.
//
//   dlib_pipeline MODELS_DIR PHOTO...
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "support/references/dlib_resnet_type.hpp"

namespace {

class Pipeline {
  public:
    explicit Pipeline(const std::string& models) {
        dlib::deserialize(models + "/dlib_face_recognition_resnet_model_v1.dat") >> net_;
        dlib::deserialize(models + "/shape_predictor_5_face_landmarks.dat") >> landmarks_;
        net_(dlib::matrix<dlib::rgb_pixel>(150, 150));
    }

    /// @return faces described.
    int run(const std::string& path) {
        constexpr double kLongSide_px = 1600;
        cv::Mat photo = cv::imread(path);
        const double long_side = std::max(photo.cols, photo.rows);
        if (long_side > kLongSide_px) {
            const double scale = kLongSide_px / long_side;
            cv::resize(photo, photo, {}, scale, scale, cv::INTER_AREA);
        }
        dlib::matrix<dlib::rgb_pixel> pixels;
        dlib::assign_image(pixels, dlib::cv_image<dlib::bgr_pixel>(photo));
        int faces = 0;
        for (const auto& box : detector_(pixels)) {
            dlib::matrix<dlib::rgb_pixel> chip;
            dlib::extract_image_chip(pixels, dlib::get_face_chip_details(landmarks_(pixels, box), 150, 0.25),
                                     chip);
            net_(chip);
            ++faces;
        }
        return faces;
    }

  private:
    dlib::frontal_face_detector detector_ = dlib::get_frontal_face_detector();
    dlib::shape_predictor landmarks_;
    findme::testing::dlib_resnet::Net net_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: dlib_pipeline MODELS_DIR PHOTO...\n");
        return 2;
    }
    cv::setNumThreads(1);
    Pipeline pipeline(argv[1]);
    int faces = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 2; i < argc; ++i) faces += pipeline.run(argv[i]);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf(R"({"photos":%d,"faces":%d,"ms":%.2f})"
                "\n",
                argc - 2, faces, took.count() / (argc - 2));
    return 0;
}
