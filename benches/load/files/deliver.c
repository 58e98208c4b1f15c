/* The least that a program can be that has a message delivered before it ends: it reads one on stdin and hands
   it to the server on a port of this machine, which takes commands ahead, with as few round trips as SMTP allows
   (RFC 2920: the greeting, EHLO, all up to DATA, the text). deliver PORT SENDER RECIPIENT; 75 where that was not possible. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Lines may begin with a dot, and may lack the CR, each: two bytes for one. */
static char message[65536], text[2 * sizeof message + 16], line[4096];

/* So many replies, all of which must begin so; one of several lines has a hyphen in all but the last (RFC 5321
   4.2.1). */
static int replies(int link, int wanted, const char *kinds) {
    static char said[4096];
    size_t used = 0;
    while (wanted > 0) {
        ssize_t more = read(link, said + used, sizeof said - used);
        if (more <= 0) return 0;
        used += more;
        char *from = said, *end;
        while ((end = memchr(from, '\n', said + used - from))) {
            if (end - from < 4 || *from != *kinds) return 0;
            if (from[3] == ' ') wanted--, kinds++;
            from = end + 1;
        }
        used = said + used - from;
        memmove(said, from, used);
    }
    return 1;
}

static int all(int link, const char *bytes, size_t length) { return write(link, bytes, length) == (ssize_t)length; }

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    size_t length = 0, out = 0;
    ssize_t more;
    while ((more = read(0, message + length, sizeof message - length)) > 0) length += more;
    if (more < 0 || length == sizeof message) return 75;
    for (size_t at = 0; at < length; at++) {
        if (message[at] == '.' && (at == 0 || message[at - 1] == '\n')) text[out++] = '.';
        if (message[at] == '\n' && (at == 0 || message[at - 1] != '\r')) text[out++] = '\r';
        text[out++] = message[at];
    }
    if (out == 0 || text[out - 1] != '\n') out += sprintf(text + out, "\r\n");
    out += sprintf(text + out, ".\r\n");

    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int link = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (link < 0 || connect(link, (struct sockaddr *)&server, sizeof server)) return 75;
    setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!replies(link, 1, "2") || !all(link, "EHLO localhost\r\n", 16) || !replies(link, 1, "2")) return 75;
    int ahead = snprintf(line, sizeof line, "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", argv[2], argv[3]);
    if (ahead >= (int)sizeof line || !all(link, line, ahead) || !replies(link, 3, "223")) return 75;
    if (!all(link, text, out) || !replies(link, 1, "2")) return 75;
    /* Delivered; nobody waits for the answer to this. */
    all(link, "QUIT\r\n", 6);
    return 0;
}
