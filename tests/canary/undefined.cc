#include <limits>

int main(int argc, char**) { return std::numeric_limits<int>::max() + argc > 0; }
