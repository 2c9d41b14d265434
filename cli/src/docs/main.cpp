// findme-docs FOLDER: writes the documents that are made from the settings into a checkout.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "docs/config_documents.hpp"

namespace {

bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) std::cerr << "findme-docs: cannot write " << path << '\n';
    return file.good();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: findme-docs FOLDER, with the folders examples and man in it\n";
        return EXIT_FAILURE;
    }
    const std::string folder = argv[1];
    const bool written = write(folder + "/examples/findme.yaml", findme::cli::config_template()) &&
                         write(folder + "/man/findme.yaml.5", findme::cli::config_page());
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
