#include "image/jpeg_kernels.hpp"

namespace findme::image {

// One accessor a file of kernels.
const JpegKernels& portable_jpeg_kernels() noexcept;
#ifdef FINDME_HAS_AVX2_KERNELS
const JpegKernels& avx2_jpeg_kernels() noexcept;
#endif

const JpegKernels* jpeg_kernels(JpegTarget target) noexcept {
    switch (target) {
        case JpegTarget::portable:
            return &portable_jpeg_kernels();
        case JpegTarget::avx2:
#ifdef FINDME_HAS_AVX2_KERNELS
            if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) return &avx2_jpeg_kernels();
#endif
            break;
    }
    return nullptr;
}

const JpegKernels& best_jpeg_kernels() noexcept {
    const JpegKernels* best = jpeg_kernels(JpegTarget::avx2);
    return best != nullptr ? *best : portable_jpeg_kernels();
}

}  // namespace findme::image
