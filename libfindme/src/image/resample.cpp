#include "image/resample.hpp"

#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "findme/error.hpp"
#include "image/limits.hpp"

namespace findme::image {
namespace {

/// findme is parallel over photos; OpenCV's own threads would only fight with those.
void initialise_opencv() {
    static std::once_flag once;
    std::call_once(once, [] { cv::setNumThreads(1); });
}

}  // namespace

Image resize_area(const Image& image, int width_px, int height_px) {
    // Judged here and not by OpenCV, which prints to stderr before it throws.
    if (image.width_px < 1 || image.height_px < 1 || width_px < 1 || height_px < 1 ||
        image.pixels.size() != image.stride_bytes() * static_cast<std::size_t>(image.height_px))
        throw Error(ErrorCode::invalid_argument,
                    "cannot resize a picture of " + std::to_string(image.width_px) + "x" +
                        std::to_string(image.height_px) + " px to " + std::to_string(width_px) + "x" +
                        std::to_string(height_px) + " px");
    initialise_opencv();

    Image out;
    out.width_px = width_px;
    out.height_px = height_px;
    out.pixels = pixel_buffer(width_px, height_px, 3);
    // cv::Mat has no view of const pixels; the source is only read.
    const cv::Mat from(image.height_px, image.width_px, CV_8UC3,
                       const_cast<std::uint8_t*>(image.pixels.data()));
    cv::Mat to(height_px, width_px, CV_8UC3, out.pixels.data());
    const bool shrinks = width_px <= image.width_px && height_px <= image.height_px;
    try {
        cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
    } catch (const cv::Exception& error) {
        throw Error(ErrorCode::internal, "OpenCV cannot resize a picture: " + error.err);
    }
    return out;
}

}  // namespace findme::image
