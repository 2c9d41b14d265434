#include "deliver/drawing.hpp"

#include <opencv2/imgproc.hpp>

namespace {

using findme::deliver::Canvas;

const cv::Scalar kFrame(40, 220, 80);
const cv::Scalar kInk(240, 240, 240);

/// Draws straight into the canvas's pixels.
cv::Mat view(const Canvas& canvas) {
    return {canvas.height_px, canvas.width_px, CV_8UC3, canvas.pixels};
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] findme::deliver::DrawPicture findme_draw_picture;
[[gnu::visibility("default")]] findme::deliver::DrawText findme_draw_text;

bool findme_draw_picture(const Canvas* sheet, const Canvas* picture, int left, int top, int x0, int y0,
                         int x1, int y1) {
    try {
        cv::Mat place = view(*sheet)(cv::Rect(left, top, picture->width_px, picture->height_px));
        view(*picture).copyTo(place);
        cv::rectangle(place, {x0, y0}, {x1, y1}, kFrame, 3, cv::LINE_AA);
        return true;
    } catch (...) {
        return false;
    }
}

bool findme_draw_text(const Canvas* sheet, const char* text, int left, int base_line) {
    try {
        cv::putText(view(*sheet), text, {left, base_line}, cv::FONT_HERSHEY_SIMPLEX, 0.6, kInk, 1,
                    cv::LINE_AA);
        return true;
    } catch (...) {
        return false;
    }
}
}
