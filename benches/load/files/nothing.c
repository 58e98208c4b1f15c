/* The least that a program can be that a mail server pipes messages to: it reads and says nothing. With
   an argument it adds one byte to that file, so that messages can be counted. */
#include <fcntl.h>
#include <unistd.h>

static char piece[65536];

int main(int argc, char **argv) {
    while (read(0, piece, sizeof piece) > 0) {
    }
    if (argc > 1) {
        int file = open(argv[1], O_WRONLY | O_APPEND);
        if (file < 0 || write(file, "x", 1) != 1) return 75;
    }
    return 0;
}
