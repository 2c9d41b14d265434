#pragma once

#include <string_view>

#include "findme/config.hpp"

namespace findme::face {

/// What a network computes in. Sums are float32 in both.
enum class Precision {
    f32,
    bf16,  ///< Half the memory traffic, and twice to sixteen times the arithmetic where the processor has it.
};

/// `f32`, `bf16`.
[[nodiscard]] std::string_view to_string(Precision precision) noexcept;

/// bf16 where this processor multiplies such numbers itself (AVX512-BF16, AMX) and oneDNN may use it; f32
/// elsewhere, where bf16 would be emulated.
[[nodiscard]] Precision best_precision();

/// What a setting asks for on this machine.
/// @errors throws Error{config_invalid} for bf16 where the processor cannot even emulate it.
[[nodiscard]] Precision precision_of(ModelPrecision setting);

/// The instructions that networks use here, as in `avx512_core_bf16`. DNNL_MAX_CPU_ISA limits them.
[[nodiscard]] std::string_view instruction_set();

}  // namespace findme::face
