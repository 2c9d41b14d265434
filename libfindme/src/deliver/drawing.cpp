#include "deliver/drawing.hpp"

#include <opencv2/imgproc.hpp>

namespace findme::deliver {
namespace {

const cv::Scalar kFrame(40, 220, 80);
const cv::Scalar kInk(240, 240, 240);

/// Draws straight into the canvas's pixels.
cv::Mat view(const Canvas& canvas) {
    return {canvas.height_px, canvas.width_px, CV_8UC3, canvas.pixels};
}

bool draw_picture(const Canvas& sheet, const Canvas& picture, int left, int top, int x0, int y0, int x1,
                  int y1) {
    try {
        cv::Mat place = view(sheet)(cv::Rect(left, top, picture.width_px, picture.height_px));
        view(picture).copyTo(place);
        cv::rectangle(place, {x0, y0}, {x1, y1}, kFrame, 3, cv::LINE_AA);
        return true;
    } catch (const cv::Exception&) {
        return false;
    }
}

bool draw_text(const Canvas& sheet, const char* text, int left, int base_line) {
    try {
        cv::putText(view(sheet), text, {left, base_line}, cv::FONT_HERSHEY_SIMPLEX, 0.6, kInk, 1,
                    cv::LINE_AA);
        return true;
    } catch (const cv::Exception&) {
        return false;
    }
}

}  // namespace
}  // namespace findme::deliver

extern "C" {
[[gnu::visibility("default")]] extern const findme::deliver::Drawing findme_drawing_part;
const findme::deliver::Drawing findme_drawing_part{
    {FINDME_VERSION}, findme::deliver::draw_picture, findme::deliver::draw_text};
}
