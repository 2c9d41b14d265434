// What a program costs that does nothing: the floor under any command.
#include <string>

int main(int, char** argv) {
    return std::string(argv[0]).empty() ? 1 : 0;
}
