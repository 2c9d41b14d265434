#include "findme/secret.hpp"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

namespace findme {

Secret::Secret(std::string_view bytes) {
    if (bytes.empty()) return;
    if (sodium_init() < 0) throw std::bad_alloc();
    bytes_ = static_cast<char*>(sodium_malloc(bytes.size()));
    if (bytes_ == nullptr) throw std::bad_alloc();
    std::memcpy(bytes_, bytes.data(), bytes.size());
    size_ = bytes.size();
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        sodium_free(bytes_);
        bytes_ = std::exchange(other.bytes_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

// Wipes before it gives the memory back.
Secret::~Secret() {
    sodium_free(bytes_);
}

}  // namespace findme
