int main(int argc, char**) {
  const int* numbers = new int[2]{};
  const int past_the_end = numbers[argc + 1];
  delete[] numbers;
  return past_the_end;
}
