#pragma once

namespace findme::testing {

/// Whether a proof is made at its full size, which takes minutes: FINDME_SLOW=1 in the environment. Without
/// it the same is proven on less.
[[nodiscard]] bool full_size();

}  // namespace findme::testing
