// SPDX-License-Identifier: Apache-2.0
int main(int argc, char**) {
  // A size that is known at compile time would be caught by UndefinedBehaviorSanitizer instead.
  const int* numbers = new int[static_cast<unsigned>(argc)]{};
  volatile int past_the_end = numbers[argc];
  static_cast<void>(past_the_end);
  delete[] numbers;
}
