#include "image/encode_jpeg.hpp"

#include <cstdio>  // jpeglib.h needs FILE and size_t.

#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstdlib>
#include <string>

#include "findme/error.hpp"
#include "image/longjmp_guard.hpp"

namespace findme::image {
namespace {

class JpegWriter {
  public:
    JpegWriter() {
        info.err = jpeg_std_error(&errors_);
        errors_.error_exit = [](j_common_ptr common) {
            auto* self = static_cast<JpegWriter*>(common->client_data);
            common->err->format_message(common, self->message.data());
            std::longjmp(self->landing, 1);
        };
        errors_.output_message = [](j_common_ptr) {};
        info.client_data = this;
    }
    JpegWriter(const JpegWriter&) = delete;
    JpegWriter& operator=(const JpegWriter&) = delete;
    ~JpegWriter() {
        jpeg_destroy_compress(&info);
        std::free(encoded);  // libjpeg's memory destination allocates with malloc.
    }

    jpeg_compress_struct info{};
    std::jmp_buf landing{};
    std::array<char, JMSG_LENGTH_MAX> message{};
    unsigned char* encoded = nullptr;
    unsigned long encoded_bytes = 0;

  private:
    jpeg_error_mgr errors_{};
};

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
    if (image.width_px < 1 || image.height_px < 1 || image.width_px > JPEG_MAX_DIMENSION ||
        image.height_px > JPEG_MAX_DIMENSION ||
        image.pixels.size() != image.stride_bytes() * static_cast<std::size_t>(image.height_px))
        throw Error(ErrorCode::invalid_argument, "cannot encode a picture of " +
                                                     std::to_string(image.width_px) + "x" +
                                                     std::to_string(image.height_px) + " px as JPEG");
    if (quality < 1 || quality > 100)
        throw Error(ErrorCode::invalid_argument,
                    "JPEG quality " + std::to_string(quality) + " is out of range (use 1 to 100)");

    JpegWriter writer;
    auto& info = writer.info;
    const bool done = completes(writer.landing, [&] {
        jpeg_create_compress(&info);
        jpeg_mem_dest(&info, &writer.encoded, &writer.encoded_bytes);
        info.image_width = static_cast<JDIMENSION>(image.width_px);
        info.image_height = static_cast<JDIMENSION>(image.height_px);
        info.input_components = 3;
        info.in_color_space = JCS_RGB;
        jpeg_set_defaults(&info);  // 4:2:0.
        jpeg_set_quality(&info, quality, TRUE);
        if (quality >= 90) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
        jpeg_start_compress(&info, TRUE);
        while (info.next_scanline < info.image_height) {
            // libjpeg takes rows it may not change as pointers to non-const.
            JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(info.next_scanline)));
            jpeg_write_scanlines(&info, &row, 1);
        }
        jpeg_finish_compress(&info);
    });
    // The arguments were judged, so what is left is a bug or memory.
    if (!done)
        throw Error(ErrorCode::internal, "cannot encode a JPEG: " + std::string(writer.message.data()));
    return {writer.encoded, writer.encoded + writer.encoded_bytes};
}

}  // namespace findme::image
