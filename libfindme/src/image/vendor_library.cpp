#include "image/vendor_library.hpp"

#include <dlfcn.h>

namespace findme::image {
namespace {

std::string last_loader_error() {
    const char* text = dlerror();
    return text != nullptr ? text : "unknown error of the loader";
}

}  // namespace

VendorLibrary::VendorLibrary(const char* soname) : handle_(dlopen(soname, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) why_not_ = last_loader_error();
}

void* VendorLibrary::find(const char* name) {
    if (handle_ == nullptr) return nullptr;
    void* symbol = dlsym(handle_, name);
    if (symbol == nullptr && why_not_.empty()) why_not_ = last_loader_error();
    return symbol;
}

}  // namespace findme::image
