#include <cstdio>  // jpeglib.h needs FILE and size_t.

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <iterator>
#include <optional>
#include <string>

#include "image/channels.hpp"
#include "image/codec.hpp"
#include "image/exif.hpp"
#include "image/failure.hpp"
#include "image/jpeg.hpp"
#include "image/jpeg_kernels.hpp"
#include "image/jpeg_markers.hpp"
#include "image/jpeg_scan.hpp"
#include "image/limits.hpp"
#include "image/longjmp_guard.hpp"

// libjpeg's own API rather than TurboJPEG's: TurboJPEG keeps only the text of the first warning, and the
// judgement below needs the code of each.

namespace findme::image {
namespace {

/// Warnings about what surrounds the picture; every pixel is still what the camera wrote. All others (bad
/// Huffman code, premature end, lost restart marker ...) mean that libjpeg invented pixels, and end the
/// decoding.
bool is_harmless(int warning) {
    switch (warning) {
        case JWRN_EXTRANEOUS_DATA:  // Padding between segments; several camera makers write it.
        case JWRN_ADOBE_XFORM:      // An unknown colour transform; the default one is taken.
        case JWRN_JFIF_MAJOR:
        case JWRN_NOT_SEQUENTIAL:  // Progressive parameters in a sequential scan, ignored by all decoders.
        case JWRN_BOGUS_ICC:       // The profile is not used.
            return true;
        default:
            return false;
    }
}

bool is_unsupported(int error) {
    switch (error) {
        case JERR_ARITH_NOTIMPL:
        case JERR_BAD_PRECISION:
        case JERR_CCIR601_NOTIMPL:
        case JERR_CONVERSION_NOTIMPL:
        case JERR_FRACT_SAMPLE_NOTIMPL:
        case JERR_NOTIMPL:
        case JERR_NOT_COMPILED:
        case JERR_SOF_UNSUPPORTED:
            return true;
        default:
            return false;
    }
}

/// One decompressor over bytes in memory, with libjpeg's errors caught and its messages kept from stderr.
class JpegReader {
  public:
    explicit JpegReader(Bytes bytes) : bytes_(bytes) {
        info.err = jpeg_std_error(&errors_);
        errors_.error_exit = on_error;
        errors_.emit_message = on_message;
        errors_.output_message = [](j_common_ptr) {};
        info.client_data = this;
    }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&info); }

    [[nodiscard]] bool read_header() {
        return attempt([this] {
            jpeg_create_decompress(&info);
            jpeg_mem_src(&info, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
            jpeg_read_header(&info, TRUE);
        });
    }

    /// See completes(): `work` may hold nothing that has a destructor.
    template <typename Work>
    [[nodiscard]] bool attempt(const Work& work) {
        return completes(landing_, work);
    }

    [[nodiscard]] ErrorInfo failure() const {
        if (failure_code_ == JERR_IMAGE_TOO_BIG)
            return too_large("declares more than " + std::to_string(JPEG_MAX_DIMENSION) +
                             " px a side, the most a JPEG decoder takes (ask for a smaller picture)");
        if (failure_code_ == JERR_OUT_OF_MEMORY)
            return too_large("needs more memory than there is (lower image.max_pixels or use fewer workers)");
        if (is_unsupported(failure_code_))
            return unsupported("a rare kind of JPEG: " + std::string(message_.data()));
        return malformed("JPEG", message_.data());
    }

    jpeg_decompress_struct info{};

  private:
    [[noreturn]] static void on_error(j_common_ptr common) {
        auto* self = static_cast<JpegReader*>(common->client_data);
        self->failure_code_ = common->err->msg_code;
        common->err->format_message(common, self->message_.data());
        std::longjmp(self->landing_, 1);
    }

    static void on_message(j_common_ptr common, int level) {
        if (level < 0 && !is_harmless(common->err->msg_code)) on_error(common);
    }

    Bytes bytes_;
    jpeg_error_mgr errors_{};
    std::jmp_buf landing_{};
    int failure_code_ = 0;
    std::array<char, JMSG_LENGTH_MAX> message_{};
};

bool is_cmyk(const jpeg_decompress_struct& info) {
    return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
}

/// Every block of coefficients costs at least one bit in a Huffman-coded file, so a shorter file is cut or a
/// bomb.
bool is_too_short(const jpeg_decompress_struct& info, std::size_t size_bytes) {
    if (info.arith_code) return false;
    std::uint64_t blocks = 0;
    for (int i = 0; i < info.num_components; ++i)
        blocks += std::uint64_t{info.comp_info[i].width_in_blocks} * info.comp_info[i].height_in_blocks;
    return size_bytes < blocks / 8;
}

HuffmanSpec huffman_spec(const JHUFF_TBL& table) {
    HuffmanSpec spec{};
    std::copy(std::begin(table.bits), std::end(table.bits), std::begin(spec.counts));
    std::copy(std::begin(table.huffval), std::end(table.huffval), std::begin(spec.symbols));
    return spec;
}

/// One scan of all components, sequential and Huffman-coded with 8 bits a sample.
bool is_baseline(const jpeg_decompress_struct& info) {
    const bool gray = info.num_components == 1 && info.jpeg_color_space == JCS_GRAYSCALE;
    const bool colour = info.num_components == 3 && info.jpeg_color_space == JCS_YCbCr;
    return (gray || colour) && !info.progressive_mode && !info.arith_code && info.data_precision == 8 &&
           info.comps_in_scan == info.num_components && info.Ss == 0 && info.Se == 63 && info.Ah == 0 &&
           info.Al == 0;
}

/// What our own decoder takes, from a header that was just read; nothing where it does not decode such files.
std::optional<JpegScan> scan_of(const jpeg_decompress_struct& info, int divisor) {
    if (!is_baseline(info)) return std::nullopt;
    JpegScan scan;
    scan.width_px = static_cast<int>(info.image_width);
    scan.height_px = static_cast<int>(info.image_height);
    scan.divisor = divisor;
    scan.component_count = info.num_components;
    for (int i = 0; i < info.num_components; ++i) {
        const jpeg_component_info& from = info.comp_info[i];
        JpegScan::Component& to = scan.components[i];
        // Not even libjpeg decodes components in another order than the frame's.
        if (info.cur_comp_info[i] != &from) return std::nullopt;
        to.across = from.h_samp_factor;
        to.down = from.v_samp_factor;
        to.dc_table = from.dc_tbl_no;
        to.ac_table = from.ac_tbl_no;
        if (from.quant_tbl_no < 0 || from.quant_tbl_no >= NUM_QUANT_TBLS) return std::nullopt;
        const JQUANT_TBL* quantisers = info.quant_tbl_ptrs[from.quant_tbl_no];
        if (quantisers == nullptr) return std::nullopt;
        for (std::size_t at = 0; at < DCTSIZE2; ++at) {
            if (quantisers->quantval[at] > 255) return std::nullopt;
            to.quantisers[at] = quantisers->quantval[at];
        }
    }
    if (!has_known_sampling(scan)) return std::nullopt;
    for (std::size_t i = 0; i < NUM_HUFF_TBLS; ++i) {
        if (info.dc_huff_tbl_ptrs[i] != nullptr) scan.dc_tables[i] = huffman_spec(*info.dc_huff_tbl_ptrs[i]);
        if (info.ac_huff_tbl_ptrs[i] != nullptr) scan.ac_tables[i] = huffman_spec(*info.ac_huff_tbl_ptrs[i]);
    }
    scan.restart_interval = static_cast<int>(info.restart_interval);
    scan.bytes = Bytes(info.src->next_input_byte, info.src->bytes_in_buffer);
    return scan;
}

}  // namespace

Result<ImageHeader> read_jpeg_header(Bytes bytes, const ImageLimits& limits) {
    JpegReader reader(bytes);
    if (!reader.read_header()) return reader.failure();
    const auto& info = reader.info;
    if (auto refusal = judge_dimensions("JPEG", info.image_width, info.image_height, limits))
        return *std::move(refusal);
    if (info.jpeg_color_space == JCS_UNKNOWN)
        return unsupported("a JPEG of " + std::to_string(info.num_components) + " channels");

    // Counted before decoding: each scan of a progressive file is a full pass over all coefficients.
    const JpegMarkers markers = walk_jpeg_markers(bytes);
    if (auto refusal = judge_jpeg_scans(markers.scan_count, limits)) return *std::move(refusal);
    if (!markers.has_end) return malformed("JPEG", "it ends before its end-of-image marker");
    if (is_too_short(info, markers.size_bytes))
        return malformed("JPEG", "it is too short for the size it declares");

    const ExifFacts exif = read_exif(markers.exif);
    return ImageHeader{
        .format = ImageFormat::jpeg,
        .width_px = static_cast<int>(info.image_width),
        .height_px = static_cast<int>(info.image_height),
        // libjpeg keeps all coefficients also of a progressive file that has but one scan.
        .in_several_scans = markers.scan_count > 1 || jpeg_has_multiple_scans(&reader.info) == TRUE,
        .orientation = exif.orientation,
        .captured_at = exif.captured_at};
}

Result<Image> read_jpeg_pixels(Bytes bytes, const ImageHeader& header, const DecodeOptions& options) {
    const int divisor = jpeg_scale_divisor(header, options);
    const JpegKernels& kernels = best_jpeg_kernels();
    if (divisor >= kernels.least_divisor)
        if (auto image = read_jpeg_with(kernels, bytes, divisor)) return *std::move(image);
    // What is unusual or damaged is libjpeg's to decode or to refuse, from the beginning.
    return read_jpeg_with_libjpeg(bytes, divisor);
}

std::optional<Image> read_jpeg_with(const JpegKernels& kernels, Bytes bytes, int divisor) {
    JpegReader reader(bytes);
    if (!reader.read_header()) return std::nullopt;
    const auto scan = scan_of(reader.info, divisor);
    if (!scan) return std::nullopt;
    Image image;
    image.width_px = (scan->width_px + divisor - 1) / divisor;
    image.height_px = (scan->height_px + divisor - 1) / divisor;
    image.pixels = pixel_buffer(image.width_px, image.height_px, 3);
    if (!decode_scan(*scan, kernels, image)) return std::nullopt;
    return image;
}

Result<Image> read_jpeg_with_libjpeg(Bytes bytes, int divisor) {
    JpegReader reader(bytes);
    if (!reader.read_header()) return reader.failure();
    auto& info = reader.info;
    const bool cmyk = is_cmyk(info);
    info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    info.scale_num = 1;
    info.scale_denom = static_cast<unsigned>(divisor);
    // For a progressive file this reads every scan, so damage shows before the picture below is allocated.
    if (!reader.attempt([&info] { jpeg_start_decompress(&info); })) return reader.failure();

    Image image;
    image.width_px = static_cast<int>(info.output_width);
    image.height_px = static_cast<int>(info.output_height);
    image.pixels = pixel_buffer(image.width_px, image.height_px, info.output_components);
    const std::size_t stride_bytes =
        std::size_t{info.output_width} * static_cast<unsigned>(info.output_components);
    const bool read = reader.attempt([&info, &image, stride_bytes] {
        while (info.output_scanline < info.output_height) {
            JSAMPROW row = image.pixels.data() + stride_bytes * info.output_scanline;
            jpeg_read_scanlines(&info, &row, 1);
        }
        jpeg_finish_decompress(&info);
    });
    if (!read) return reader.failure();
    if (cmyk) convert_cmyk_to_rgb(image.pixels, info.saw_Adobe_marker ? CmykSign::ink_absent : CmykSign::ink);
    return image;
}

}  // namespace findme::image
