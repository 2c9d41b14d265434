// The floor under any photo indexer: libjpeg-turbo decoding the same files, at full size and at its DCT
// scales, as fast as its options let it, on one thread. Prints one JSON line.
//
//   jpeg_floor PHOTO...
#include <cstdio>  // jpeglib.h needs FILE and size_t.

#include <jpeglib.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<unsigned char> read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

double decode_ms(const std::vector<unsigned char>& bytes, unsigned divisor) {
    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);  // Ends the program: these are the bench's own photos.
    const auto start = std::chrono::steady_clock::now();
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
    info.scale_denom = divisor;
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = FALSE;
    jpeg_start_decompress(&info);
    const std::size_t stride = std::size_t{info.output_width} * 3;
    const std::vector<unsigned char> pixels(stride * info.output_height);
    while (info.output_scanline < info.output_height) {
        auto* row = const_cast<unsigned char*>(pixels.data()) + stride * info.output_scanline;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: jpeg_floor PHOTO...\n");
        return 2;
    }
    constexpr std::array<unsigned, 4> kDivisors{1, 2, 4, 8};
    std::array<double, kDivisors.size()> sums{};
    for (int i = 1; i < argc; ++i) {
        const auto bytes = read(argv[i]);
        for (std::size_t d = 0; d < kDivisors.size(); ++d) sums[d] += decode_ms(bytes, kDivisors[d]);
    }
    const int photos = argc - 1;
    std::printf(R"({"photos":%d,"full_ms":%.2f,"half_ms":%.2f,"quarter_ms":%.2f,"eighth_ms":%.2f})"
                "\n",
                photos, sums[0] / photos, sums[1] / photos, sums[2] / photos, sums[3] / photos);
    return 0;
}
