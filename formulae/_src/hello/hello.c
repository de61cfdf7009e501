/* hello [NAME…]: greets each of them with libgreet. */
#include <greet.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char text[256];

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("hello %s (libgreet %s)\n", HELLO_VERSION, greet_version());
        return 0;
    }
    for (int i = 1; i < argc || i == 1; i++) {
        greet(text, sizeof text, i < argc ? argv[i] : "world");
        puts(text);
    }
    return 0;
}
